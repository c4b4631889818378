import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import { runEvery } from '../../../lib/run-every.ts'

/** How often a worker says that it is there. */
export const HEARTBEAT_MS = 5_000

/** A worker that died without a word is remembered for as long. */
const REMEMBERED_MS = 60 * 60_000

export type WorkerIdentity = {
  id: string
  host: string
  pid: number
  version: string
  concurrency: number
}

type HeartbeatOptions = {
  /** How many generations the worker has in hand. */
  countRunning: () => number
  onError: (error: unknown) => void
  intervalMs?: number
}

/**
 * Says in Postgres, every few seconds, that a worker is there and how it fares. `stop` takes it off the list, so that only a worker that died or can't reach Postgres is ever missed.
 */
export const createHeartbeat = (
  db: Database,
  worker: WorkerIdentity,
  { countRunning, onError, intervalMs = HEARTBEAT_MS }: HeartbeatOptions,
) => {
  let isBreakerOpen = false
  let sweeper: ReturnType<typeof runEvery> | undefined
  let latest: Promise<unknown> = Promise.resolve()

  /** One after the other: an older beat that arrives late would be believed. */
  const beat = () => {
    const write = () =>
      writeBeat(db, {
        ...worker,
        running: countRunning(),
        breaker: isBreakerOpen ? 'open' : 'closed',
      })
    latest = latest.then(write).catch(onError)
    return latest
  }

  /** Written at once, so that operators see it without waiting for the next beat. */
  const setBreakerOpen = (isOpen: boolean): void => {
    isBreakerOpen = isOpen
    if (sweeper) void beat()
  }
  const start = (): void => {
    void beat()
    sweeper = runEvery(beat, { intervalMs, onError })
  }
  const stop = async (): Promise<void> => {
    await sweeper?.stop()
    sweeper = undefined
    // A beat that came after would put it back on the list.
    await latest
    await db.deleteFrom('workers').where('id', '=', worker.id).execute().catch(onError)
  }
  return { setBreakerOpen, start, stop }
}

const writeBeat = async (
  db: Database,
  beat: WorkerIdentity & { running: number; breaker: 'closed' | 'open' },
): Promise<void> => {
  const { running, breaker } = beat
  await db
    .with('forgotten', (query) =>
      query
        .deleteFrom('workers')
        .where('id', '!=', beat.id)
        .where('seenAt', '<', sql<Date>`now() - ${REMEMBERED_MS} * interval '1 millisecond'`),
    )
    .insertInto('workers')
    .values(beat)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ running, breaker, seenAt: sql<Date>`now()` }),
    )
    .execute()
}
