import { type QueryCreator, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow, Schema, Suggestion } from '../../../db/schema.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import {
  applyTransition,
  applyTransitions,
  type Changed,
  type ChangedRow,
  type Update,
} from './apply-transition.ts'

/*
 * A generation's status changes in two files: `insert-or-requeue.ts` puts new, failed and canceled ones in the queue,
 * many in one statement; every other change is here. Each is one conditional update that also writes its event and
 * nudges the listeners, in one statement. A worker's changes are fenced: they apply only while its claim stands.
 * All return the changed row, or undefined when the condition no longer held.
 */

/** A worker's right to change a generation, until a later claim raises the fence. */
export type Claim = GenerationRow

/** A generation that was just claimed. */
export type ClaimedRow = ChangedRow & {
  /** Until when its model takes no calls of the account, and when the provider said so; null where it has not. */
  limitedUntil: Date | null
  limitedAt: Date | null
}

export type ClaimOptions = {
  workerId: string
  leaseMs: number
  /** Whose limits its call would count against. */
  account: string
  /** What is given to one that was asked for without a deadline. */
  giveUpMs: Record<Lane, number>
}

/** queued (and due) or running with a dead lease → running, on Postgres's clock. */
export const claimGeneration = async (
  db: Database,
  id: string,
  { workerId, leaseMs, account, giveUpMs }: ClaimOptions,
): Promise<ClaimedRow | undefined> => {
  const claimed = await applyTransition(
    db,
    'generation.running',
    (query) => claim(query, { workerId, leaseMs, giveUpMs }).where('id', '=', id),
    { alsoSelect: selectLimit(account) },
  )
  return claimed as ClaimedRow | undefined
}

const claim = (
  query: QueryCreator<Schema>,
  { workerId, leaseMs, giveUpMs }: Omit<ClaimOptions, 'account'>,
): Update =>
  query
    .updateTable('generations')
    .set((eb) => ({
      status: 'running',
      workerId,
      fence: eb('fence', '+', 1),
      claims: eb('claims', '+', 1),
      lostClaims: sql<number>`lost_claims + (status = 'running')::int`,
      leaseExpiresAt: fromNow(leaseMs),
      startedAt: sql<Date>`coalesce(started_at, now())`,
      deadlineAt: deadline(giveUpMs),
      runAfter: null,
    }))
    .where((eb) =>
      eb.or([
        eb.and([
          eb('status', '=', 'queued'),
          eb.or([eb('runAfter', 'is', null), eb('runAfter', '<=', sql<Date>`now()`)]),
        ]),
        eb.and([eb('status', '=', 'running'), eb('leaseExpiresAt', '<', sql<Date>`now()`)]),
      ]),
    )

const selectLimit = (account: string) =>
  (['limitedUntil', 'limitedAt'] as const).map((column) =>
    sql<Date | null>`(
      select ${sql.ref(column)} from model_limits as one
      where one.provider = changed.provider and one.account = ${account} and one.model = changed.model
        and limited_until > now())`.as(column),
  )

/** SQL for when a generation ends at the latest; one that a release without deadlines asked for has as long as others. */
const deadline = (giveUpMs: Record<Lane, number>) => sql<Date>`coalesce(deadline_at,
  queued_at + case lane when 'eager' then ${giveUpMs.eager}::int else ${giveUpMs.interactive}::int end
    * interval '1 millisecond')`

/** An image that there is already: of the same request, or made for a similar prompt. */
export type ReusableImage =
  | { imageId: string; source: 'exact' }
  | { imageId: string; source: 'similar'; similarity: number }

/** running → succeeded, with an image of its own. */
export const completeGeneration = (db: Database, claim: Claim, imageId: string): Changed =>
  succeed(db, (query) => fenced(query, claim), { imageId, reuseSource: null, similarity: null })

/** running → succeeded, with an image that exists. A similar one only while its owner has not declined it. */
export const completeByReuse = (db: Database, claim: Claim, image: ReusableImage): Changed => {
  const { imageId, source: reuseSource } = image
  if (image.source === 'exact') {
    return succeed(db, (query) => fenced(query, claim), { imageId, reuseSource, similarity: null })
  }
  return succeed(
    db,
    (query) => fenced(query, claim).where('similarityMode', 'is distinct from', 'off' as const),
    { imageId, reuseSource, similarity: image.similarity },
  )
}

const succeed = (
  db: Database,
  update: (query: QueryCreator<Schema>) => Update,
  image: Pick<GenerationRow, 'imageId' | 'reuseSource' | 'similarity'>,
): Changed =>
  applyTransition(
    db,
    'generation.succeeded',
    (query) => update(query).set({ status: 'succeeded', ...image, ...noError, ...finished }),
    { telemetry: 'generation_completed' },
  )

/** Names similar images while the generation goes on. An event, so that those who follow it see them. */
export const suggestImages = (
  db: Database,
  claim: Claim,
  suggestions: readonly Suggestion[],
): Changed =>
  applyTransition(db, 'generation.running', (query) =>
    fenced(query, claim).set({ suggestions: JSON.stringify(suggestions) }),
  )

/** What is in flight ends with an image of its own; undefined when it has ended. Not a change of status: no event. */
export const declineSimilar = (db: Database, id: string): Changed =>
  db
    .updateTable('generations')
    .set({ similarityMode: 'off' })
    .where('id', '=', id)
    .where('status', 'in', ['queued', 'running'])
    .returningAll()
    .returning(sql<Date>`now()`.as('asOf'))
    .executeTakeFirst()

/** running → failed, for good until it is asked for again. */
export const failGeneration = (db: Database, claim: Claim, error: AppError): Changed =>
  applyTransition(
    db,
    'generation.failed',
    (query) => fenced(query, claim).set({ status: 'failed', ...describeError(error), ...finished }),
    { telemetry: 'generation_failed' },
  )

/**
 * Those whose deadline is over and that no worker has → failed, as many as `limit`. What a worker runs it ends itself, and
 * what has just been claimed is left alone.
 */
export const failOverdueGenerations = (
  db: Database,
  error: AppError,
  { giveUpMs, limit }: Pick<ClaimOptions, 'giveUpMs'> & { limit: number },
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
            .where(sql<boolean>`${deadline(giveUpMs)} < now()`)
            .orderBy('overdue.id')
            .limit(limit)
            .forUpdate()
            .skipLocked(),
        ),
    { telemetry: 'generation_failed' },
  )

/** However long it was to wait, a generation is looked at again after this: the provider may have said what it does not mean. */
export const MAX_WAIT_MS: Record<Lane, number> = { interactive: 60_000, eager: 3_600_000 }

/**
 * running → queued after trouble: to be run again, not before `delayMs` from now, which is cut to what its lane allows and to
 * its deadline. `isUntried`: its call never went out, so the claim does not count.
 */
export const retryGeneration = (
  db: Database,
  claim: Claim,
  error: AppError,
  delayMs: number,
  { isUntried = false } = {},
): Changed =>
  applyTransition(db, 'generation.retrying', (query) =>
    fenced(query, claim).set({
      status: 'queued',
      ...describeError(error),
      ...(isUntried && unclaimed),
      runAfter: afterWait(delayMs),
      enqueuedAt: afterWait(delayMs),
      leaseExpiresAt: null,
      workerId: null,
    }),
  )

const afterWait = (delayMs: number) => sql<Date>`least(deadline_at, now()
  + least(${delayMs}::float8, case lane when 'eager' then ${MAX_WAIT_MS.eager}::int else ${MAX_WAIT_MS.interactive}::int end)
    * interval '1 millisecond')`

const unclaimed = { claims: sql<number>`greatest(0, claims - 1)` }

/** running → queued at once, for another worker: this one is stopping. The claim does not count. */
export const releaseGeneration = (db: Database, claim: Claim): Changed =>
  applyTransition(db, 'generation.queued', (query) =>
    fenced(query, claim).set({
      status: 'queued',
      ...unclaimed,
      leaseExpiresAt: null,
      workerId: null,
    }),
  )

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
        .where('locked.status', 'in', ['queued', 'running'])
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
    .where('status', 'in', ['queued', 'running'])

/** queued and eager → canceled, unless a saved item still shows it. */
export const cancelUnwantedGeneration = (db: Database, id: string, error: AppError): Changed =>
  applyTransition(db, 'generation.canceled', (query) =>
    query
      .updateTable('generations')
      .set({ status: 'canceled', ...describeError(error), ...finished })
      .where('id', '=', id)
      .where('status', '=', 'queued')
      .where('lane', '=', 'eager')
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('savedItems').select('id').where('generationId', '=', id))),
      ),
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
      .where('status', '=', 'failed'),
  )

/**
 * eager → interactive, while it is not finished: it is due at once, whatever it was waiting for, and ends `giveUpMs` from now
 * at the latest. Not a change of status: no event.
 */
export const promoteGeneration = (db: Database, id: string, giveUpMs: number): Changed =>
  db
    .updateTable('generations')
    .set({
      lane: 'interactive' satisfies Lane,
      deadlineAt: fromNow(giveUpMs),
      promotedAt: sql<Date>`now()`,
      runAfter: null,
      enqueuedAt: sql<Date>`now()`,
    })
    .where('id', '=', id)
    .where('lane', '=', 'eager')
    .where('status', 'in', ['queued', 'running'])
    .returningAll()
    .returning(sql<Date>`now()`.as('asOf'))
    .executeTakeFirst()

/**
 * Says that a claimed generation's image is at another key, and that it is no orphan; undefined when the claim no longer stands, or
 * its owner deleted what is there. Waits for who deletes it as an orphan at this moment. No event.
 */
export const pointToObject = (db: Database, claim: Claim, objectKey: string): Changed =>
  fenced(
    db.with('unmarked', (query) =>
      query.deleteFrom('orphanObjects').where('objectKey', '=', objectKey),
    ),
    claim,
  )
    .set({ objectKey })
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('deletedObjects')
            .select('objectKey')
            .where('deletedObjects.objectKey', '=', objectKey),
        ),
      ),
    )
    .returningAll()
    .returning(sql<Date>`now()`.as('asOf'))
    .executeTakeFirst()

/** Extends the lease; undefined when the claim no longer stands. No event. */
export const extendLease = (db: Database, claim: Claim, leaseMs: number): Changed =>
  fenced(db, claim)
    .set({ leaseExpiresAt: fromNow(leaseMs) })
    .returningAll()
    .returning(sql<Date>`now()`.as('asOf'))
    .executeTakeFirst()

const fenced = (query: QueryCreator<Schema>, claim: Claim): Update =>
  query
    .updateTable('generations')
    .where('id', '=', claim.id)
    .where('fence', '=', claim.fence)
    .where('status', '=', 'running')

const fromNow = (delayMs: number) => sql<Date>`now() + ${delayMs} * interval '1 millisecond'`

const finished = {
  finishedAt: sql<Date>`clock_timestamp()`,
  leaseExpiresAt: null,
  workerId: null,
  runAfter: null,
  deadlineAt: null,
}

const noError = { errorCode: null, errorMessage: null, errorRetryable: null }

const describeError = (error: AppError) => ({
  errorCode: error.code,
  errorMessage: error.message,
  errorRetryable: error.retryable,
})
