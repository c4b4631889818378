import { type QueryCreator, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow, Schema } from '../../../db/schema.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import {
  applyTransition,
  applyTransitions,
  type Changed,
  type ChangedRow,
  describeError,
  finished,
  fromNow,
  newDeadline,
  noError,
  type Update,
} from './apply-transition.ts'
import { isBatched } from './batched.ts'
import { hasStatus } from './has-status.ts'
import { STOPS } from './spending-limits.ts'

/*
 * What others than its worker change of a generation: who wants it otherwise or no more, whoever finds that its image or its
 * time is gone. No fence is asked for; where a worker is to be kept from writing over it, the fence rises.
 */

/**
 * eager → interactive, while it is not finished: it is due at once, whatever it was waiting for, and ends `giveUpMs` from now
 * at the latest; one that is in a batch when that ends. Not a change of status: no event.
 */
export const promoteGeneration = (db: Database, id: string, giveUpMs: number): Changed =>
  db
    .updateTable('generations')
    .set({
      lane: 'interactive' satisfies Lane,
      deadlineAt: sql<Date>`case when ${isBatched} then deadline_at else ${fromNow(giveUpMs)} end`,
      promotedAt: sql<Date>`now()`,
      runAfter: null,
      enqueuedAt: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('lane', '=', 'eager')
    .where(hasStatus('queued', 'running'))
    .returningAll()
    .returning(sql<Date>`now()`.as('asOf'))
    .executeTakeFirst()

/**
 * What waits until it may be paid for is due at once, as a limit was raised or paying goes on; at most `limit`, and how many. Not a
 * change of status: no event.
 */
export const hastenStopped = async (db: Database, limit: number): Promise<number> => {
  const { rows } = await sql`
    update generations set run_after = null, enqueued_at = null
    where id in (
      select id from generations
      where status = 'queued' and run_after > now() and error_code = any(${STOPS}::text[])
      order by id limit ${limit}
      for no key update)
    returning id`.execute(db)
  return rows.length
}

/** What is in flight ends with an image of its own; undefined when it has ended. Not a change of status: no event. */
export const declineSimilar = (db: Database, id: string): Changed =>
  db
    .updateTable('generations')
    .set({ similarityMode: 'off' })
    .where('id', '=', id)
    .where(hasStatus('queued', 'running'))
    .returningAll()
    .returning(sql<Date>`now()`.as('asOf'))
    .executeTakeFirst()

/** queued or running → canceled. The fence rises, so that a worker's late result changes nothing. */
export const cancelQueuedOrRunning = (db: Database, id: string, error: AppError): Changed =>
  applyTransition(db, 'generation.canceled', (query) =>
    cancelInFlight(query, error).where('id', '=', id),
  )

/** The same for many. They are locked by id, so that two who cancel the same ones can't wait for each other. */
export const cancelAllQueuedOrRunning = (
  db: Database,
  ids: readonly string[],
  error: AppError,
): Promise<GenerationRow[]> =>
  applyTransitions(db, 'generation.canceled', (query) =>
    cancelInFlight(query, error).where('id', 'in', ({ selectFrom }) =>
      selectFrom('generations as locked')
        .select('locked.id')
        .where('locked.id', '=', sql<string>`any(${ids}::text[])`)
        .where(hasStatus('queued', 'running'))
        .orderBy('locked.id')
        .forUpdate(),
    ),
  )

const cancelInFlight = (query: QueryCreator<Schema>, error: AppError): Update =>
  query
    .updateTable('generations')
    .set((eb) => ({
      status: 'canceled' as const,
      fence: eb('fence', '+', 1),
      ...describeError(error),
      ...finished,
    }))
    .where(hasStatus('queued', 'running'))

/** queued and eager → canceled, unless a saved item still shows it. */
export const cancelUnwantedGeneration = (db: Database, id: string, error: AppError): Changed =>
  applyTransition(db, 'generation.canceled', (query) =>
    query
      .updateTable('generations')
      .set({ status: 'canceled', ...describeError(error), ...finished })
      .where('id', '=', id)
      .where(hasStatus('queued'))
      .where('lane', '=', 'eager')
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('savedItems').select('id').where('generationId', '=', id))),
      ),
  )

/**
 * Gives a deadline to what a release without them has asked for, as many as `limit`: as long as others have, but from now, so
 * that an upgrade ends nothing. Not a change of status: no event.
 */
export const giveDeadlines = (
  db: Database,
  { giveUpMs, limit }: { giveUpMs: Record<Lane, number>; limit: number },
): Promise<GenerationRow[]> =>
  db
    .updateTable('generations')
    .set({ deadlineAt: newDeadline(giveUpMs) })
    .where('id', 'in', ({ selectFrom }) =>
      selectFrom('generations as endless')
        .select('endless.id')
        .where('status', 'in', ['queued', 'running'])
        .where('deadlineAt', 'is', null)
        .orderBy('endless.id')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute()

/**
 * Those whose deadline is over and that no worker has → failed, as many as `limit`. What a worker runs it ends itself, and
 * what has just been claimed is left alone.
 */
export const failOverdueGenerations = (
  db: Database,
  error: AppError,
  limit: number,
): Promise<ChangedRow[]> =>
  applyTransitions(
    db,
    'generation.failed',
    (query) =>
      query
        .updateTable('generations')
        .set((eb) => ({
          status: 'failed',
          fence: eb('fence', '+', 1),
          ...describeError(error),
          ...finished,
        }))
        .where('id', 'in', ({ selectFrom }) =>
          selectFrom('generations as overdue')
            .select('overdue.id')
            .where(
              sql<boolean>`(status = 'queued' or (status = 'running' and lease_expires_at < now()))`,
            )
            .where('deadlineAt', '<', sql<Date>`now()`)
            .orderBy('overdue.id')
            .limit(limit)
            .forUpdate()
            .skipLocked(),
        ),
    { telemetry: 'generation_failed' },
  )

/** succeeded → canceled, for every generation that shows an image which is being deleted. */
export const withdrawImage = (db: Database, imageId: string, error: AppError): Changed =>
  applyTransition(db, 'generation.canceled', (query) =>
    query
      .updateTable('generations')
      .set({ status: 'canceled', imageId: null, ...describeError(error) })
      .where('imageId', '=', imageId),
  )

/** succeeded → failed, for every generation that shows an image whose object is gone: to be made again when asked for. */
export const failLostImage = (db: Database, imageId: string, error: AppError): Changed =>
  applyTransition(db, 'generation.failed', (query) =>
    query
      .updateTable('generations')
      .set({ status: 'failed', imageId: null, ...describeError(error) })
      .where('imageId', '=', imageId),
  )

/** failed → succeeded, with its own image, which has been found again. */
export const restoreGeneration = (db: Database, id: string, objectKey: string): Changed =>
  applyTransition(db, 'generation.succeeded', (query) =>
    query
      .updateTable('generations')
      .set({ status: 'succeeded', imageId: id, objectKey, reuseSource: null, similarity: null })
      .set({ ...noError, ...finished })
      .where('id', '=', id)
      .where(hasStatus('failed')),
  )
