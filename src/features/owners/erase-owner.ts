import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../../db/database.ts'
import type { ImageStore } from '../../generation/ports.ts'
import { eraseObjects } from './erase-objects.ts'
import {
  eraseEvents,
  eraseGenerations,
  erasePlainRows,
  eraseUploads,
  type IsUncounted,
} from './erase-rows.ts'
import { putOnList } from './erasure-list.ts'
import { addCounts, type Erasure } from './erasures.ts'
import { finishErasure } from './finish-erasure.ts'

export type EraseDeps = {
  db: Database
  store: Pick<ImageStore, 'list' | 'delete' | 'put'>
  /** Cancels those of an owner's generations that are queued or running, and takes their jobs out. */
  cancelGenerations: (ids: readonly string[]) => Promise<unknown>
  /** Takes an owner's requests that wait for Postgres out of the queue; says how many, and how many a worker holds. */
  removeDeferred: (ownerId: string) => Promise<{ removed: number; held: number }>
  /** Has analytics take in what has happened. */
  countAll: (signal: AbortSignal) => Promise<void>
  isUncounted: IsUncounted
}

/** What is under way elsewhere (a call that is let go, an event that is not counted yet) takes no longer as a rule. */
const PAUSE_MS = 200
const CANCELED_AT_ONCE = 1_000

/**
 * Erases an owner: all rows, objects and jobs, and what the rollup has by name; what everyone's sums have stays. Each step is safe
 * to repeat, and from two workers at once; `signal` ends it between two batches, for another worker to go on. Throws when Postgres, the queue or the store does not
 * answer.
 */
export const eraseOwner = async (
  deps: EraseDeps,
  erasure: Erasure,
  signal: AbortSignal,
): Promise<void> => {
  const { db, store } = deps
  // First: what is restored from a backup must know of it, though we may be killed at any moment.
  await putOnList(store, erasure)
  let eventId = 0
  for (;;) {
    await erasePlainRows(db, erasure, signal)
    await cancelAll(deps, erasure, signal)
    const { removed, held } = await deps.removeDeferred(erasure.ownerId)
    await addCounts(db, erasure, { requests: removed })
    await deps.countAll(signal)
    eventId = await eraseEvents(db, erasure, eventId, signal)
    await eraseGenerations(db, erasure, deps.isUncounted, signal)
    await eraseUploads(db, erasure, signal)
    await eraseObjects(deps, erasure, signal)
    if (held === 0 && (await finishErasure(db, erasure))) return
    await delay(PAUSE_MS, undefined, { signal })
  }
}

const cancelAll = async (
  { db, cancelGenerations }: EraseDeps,
  { ownerId }: Erasure,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    signal.throwIfAborted()
    const rows = await db
      .selectFrom('generations')
      .select('id')
      .where('ownerId', '=', ownerId)
      .where('status', 'in', ['queued', 'running'])
      .limit(CANCELED_AT_ONCE)
      .execute()
    if (rows.length === 0) return
    await cancelGenerations(rows.map(({ id }) => id))
  }
}
