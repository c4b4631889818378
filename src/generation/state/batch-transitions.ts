import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import {
  applyTransition,
  applyTransitions,
  type Changed,
  type ChangedRow,
  describeError,
  fenced,
  fromNow,
  newDeadline,
  noError,
} from './apply-transition.ts'
import { isBatched } from './batched.ts'
import { hasStatus } from './has-status.ts'
import { type Claim, unclaimed } from './transitions.ts'

/**
 * running → queued, to be taken into a batch with others; what is not after `waitMs` is run again. Undefined where a person wants it.
 * Its call never went out, so the claim does not count.
 */
export const awaitBatch = (db: Database, claim: Claim, waitMs: number): Changed =>
  applyTransition(db, 'generation.queued', (query) =>
    fenced(query, claim)
      .where('lane', '=', 'eager')
      .set({
        status: 'queued',
        ...noError,
        ...unclaimed,
        runAfter: fromNow(waitMs),
        enqueuedAt: fromNow(waitMs),
        leaseExpiresAt: null,
        workerId: null,
      }),
  )

/**
 * queued → running without a lease, for those that a batch is to make: they end `deadlineMs` from now at the latest, as long as a batch
 * may take. The caller has locked them.
 */
export const enterBatch = (
  db: Database,
  ids: readonly string[],
  deadlineMs: number,
): Promise<ChangedRow[]> =>
  applyTransitions(db, 'generation.running', (query) =>
    query
      .updateTable('generations')
      .set((eb) => ({
        status: 'running',
        fence: eb('fence', '+', 1),
        claims: eb('claims', '+', 1),
        workerId: null,
        leaseExpiresAt: null,
        startedAt: sql<Date>`coalesce(started_at, now())`,
        deadlineAt: sql<Date>`greatest(deadline_at, ${fromNow(deadlineMs)})`,
        runAfter: null,
        ...noError,
      }))
      .where('id', '=', sql<string>`any(${ids}::text[])`)
      .where(hasStatus('queued')),
  )

/** running → queued at once, since its batch brought nothing: with the time of a new one, and the claim does not count. */
export const leaveBatch = (
  db: Database,
  claim: Claim,
  error: AppError,
  giveUpMs: Record<Lane, number>,
): Changed =>
  applyTransition(db, 'generation.retrying', (query) =>
    fenced(query, claim)
      .where(isBatched)
      .set({
        status: 'queued',
        ...describeError(error),
        ...unclaimed,
        deadlineAt: newDeadline(giveUpMs),
        runAfter: null,
        enqueuedAt: null,
      }),
  )

/**
 * eager and in a batch → queued for a person, who does not wait for the batch: it is bought anew, and what the batch brings is kept
 * besides. Undefined for what is in none.
 */
export const buyOutOfBatch = (db: Database, id: string, giveUpMs: number): Changed =>
  applyTransition(db, 'generation.queued', (query) =>
    query
      .updateTable('generations')
      .set((eb) => ({
        status: 'queued',
        fence: eb('fence', '+', 1),
        ...unclaimed,
        lane: 'interactive' satisfies Lane,
        deadlineAt: fromNow(giveUpMs),
        promotedAt: sql<Date>`now()`,
        runAfter: null,
        enqueuedAt: sql<Date>`now()`,
      }))
      .where('id', '=', id)
      .where('lane', '=', 'eager')
      .where(isBatched),
  )
