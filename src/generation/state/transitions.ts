import { type QueryCreator, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Suggestion } from '../../../db/generation-tables.ts'
import type { GenerationRow, Schema } from '../../../db/schema.ts'
import type { Lane, Tier } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import {
  applyTransition,
  type Changed,
  type ChangedRow,
  describeError,
  fenced,
  finished,
  fromNow,
  newDeadline,
  noError,
  type Update,
} from './apply-transition.ts'
import { type BatchHistory, selectBatchHistory } from './batched.ts'
import { hasStatus } from './has-status.ts'
import { accountIn } from './model-limits.ts'
import {
  selectDoubtedTier,
  selectKeyTier,
  selectTierLimits,
  type TierLimit,
} from './tier-limits.ts'

/*
 * A generation's status changes in three files: `insert-or-requeue.ts` puts new, failed and canceled ones in the queue,
 * many in one statement; here is what the worker does that has one; `interventions.ts` has what others do. Each is one
 * conditional update that also writes its event and nudges the listeners, in one statement. A worker's changes are fenced:
 * they apply only while its claim stands. All return the changed row, or undefined when the condition no longer held.
 */

/** A worker's right to change a generation, until a later claim raises the fence. */
export type Claim = GenerationRow

/** A generation that was just claimed. */
export type ClaimedRow = ChangedRow & {
  /** Until when its model takes no calls of the account, and when the provider said so; null where it has not. */
  limitedUntil: Date | null
  limitedAt: Date | null
  /** Of one that was asked for ahead of need: at which tier its key has such ones made; null where it does not say. */
  keyTier: Tier | null
  /** The tiers that its model is not to be asked for at now. */
  tierLimits: readonly TierLimit[]
  /** At which its request was rejected, which it may not be at the standard one; null where at none. */
  doubtedTier: Tier | null
  /** True where a batch job that has not been settled makes it. */
  isInBatch: boolean
  /** How often it was in one since it was asked for; twice for each that ended without a word of it. */
  batchTries: number
}

export type ClaimOptions = {
  workerId: string
  leaseMs: number
  /** Whose limits its call would count against, by provider, unless it is paid for with a key of its caller's own. */
  accounts: Record<string, string>
  /** What is given to one that was asked for without a deadline. */
  giveUpMs: Record<Lane, number>
}

/** queued (and due) or running with a dead lease → running, on Postgres's clock. */
export const claimGeneration = async (
  db: Database,
  id: string,
  { workerId, leaseMs, accounts, giveUpMs }: ClaimOptions,
): Promise<ClaimedRow | undefined> => {
  const claimed = await applyTransition(
    db,
    'generation.running',
    (query) => claim(query, { workerId, leaseMs, giveUpMs }).where('id', '=', id),
    {
      alsoSelect: [...selectLimit(accounts), ...selectTiers(accounts), selectBatchHistory],
    },
  )
  return claimed && toClaimedRow(claimed as ReadClaim)
}

type ReadClaim = Omit<ClaimedRow, 'tierLimits' | 'isInBatch' | 'batchTries'> & {
  tierLimits: readonly TierLimit[] | null
  batchHistory: BatchHistory
}

const toClaimedRow = ({ batchHistory: [inBatch, batchTries], ...row }: ReadClaim): ClaimedRow => ({
  ...row,
  tierLimits: row.tierLimits ?? [],
  isInBatch: inBatch > 0,
  batchTries,
})

const selectTiers = (accounts: ClaimOptions['accounts']) => [
  selectKeyTier.as('keyTier'),
  selectTierLimits(accountIn(accounts)).as('tierLimits'),
  selectDoubtedTier.as('doubtedTier'),
]

const claim = (
  query: QueryCreator<Schema>,
  { workerId, leaseMs, giveUpMs }: Omit<ClaimOptions, 'accounts'>,
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
      deadlineAt: sql<Date>`coalesce(deadline_at, ${newDeadline(giveUpMs)})`,
      runAfter: null,
    }))
    .where((eb) =>
      eb.or([
        eb.and([
          hasStatus('queued'),
          eb.or([eb('runAfter', 'is', null), eb('runAfter', '<=', sql<Date>`now()`)]),
        ]),
        eb.and([hasStatus('running'), eb('leaseExpiresAt', '<', sql<Date>`now()`)]),
      ]),
    )

const selectLimit = (accounts: ClaimOptions['accounts']) =>
  (['limitedUntil', 'limitedAt'] as const).map((column) =>
    sql<Date | null>`(
      select ${sql.ref(column)} from model_limits as one
      where one.provider = changed.provider and one.model = changed.model
        and one.account = coalesce(changed.upstream_account, ${accountIn(accounts)})
        and limited_until > now())`.as(column),
  )

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

/** running → failed, for good until it is asked for again. */
export const failGeneration = (db: Database, claim: Claim, error: AppError): Changed =>
  applyTransition(
    db,
    'generation.failed',
    (query) => fenced(query, claim).set({ status: 'failed', ...describeError(error), ...finished }),
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

/**
 * running → queued until it may be paid for, for what nobody waits for; undefined where somebody has come to. However long that is,
 * it has the time of a new one then, at its tier too. Its call never went out, so the claim does not count.
 */
export const awaitBudget = (
  db: Database,
  claim: Claim,
  error: AppError,
  delayMs: number,
  giveUpMs: number,
): Changed =>
  applyTransition(db, 'generation.retrying', (query) =>
    fenced(query, claim)
      .where('lane', '=', 'eager')
      .set({
        status: 'queued',
        ...describeError(error),
        ...unclaimed,
        startedAt: null,
        runAfter: fromNow(delayMs),
        enqueuedAt: fromNow(delayMs),
        deadlineAt: sql<Date>`greatest(deadline_at, ${fromNow(delayMs + giveUpMs)})`,
        leaseExpiresAt: null,
        workerId: null,
      }),
  )

const afterWait = (delayMs: number) => sql<Date>`least(deadline_at, now()
  + least(${delayMs}::float8, case lane when 'eager' then ${MAX_WAIT_MS.eager}::int else ${MAX_WAIT_MS.interactive}::int end)
    * interval '1 millisecond')`

export const unclaimed = { claims: sql<number>`greatest(0, claims - 1)` }

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
