import { isDatabaseAway } from '../../../db/away.ts'
import type { Database } from '../../../db/database.ts'
import { isTerminal } from '../../contract/vocabulary.ts'
import { createBatcher } from '../../lib/batch.ts'
import { AppError } from '../../lib/errors.ts'
import {
  type GenerationToInsert,
  type Inserted,
  type InsertLimits,
  insertOrRequeue,
  isOwnerFull,
  type Refused,
} from '../state/insert-or-requeue.ts'
import { declineSimilar } from '../state/interventions.ts'
import { findAnswering, findGeneration, type GenerationWithImage } from '../state/repository.ts'
import type { NearestLimit } from '../state/spending-limits.ts'
import {
  bindIdempotencyKey,
  type DescribeOlder,
  insertOwnerIfNew,
  type RequestedKey,
} from './idempotency.ts'
import type { ResolvedRequest } from './resolve-request.ts'

export type FindOrCreateDeps = {
  db: Database
  statements: SubmissionStatements
  limits: InsertLimits
  /**
   * Counts a new generation of an owner; what it gives back is called where it comes to none. Throws `rate_limited`. Absent where nobody
   * asks by hand.
   */
  takeNew?: ((ownerId: string) => () => void) | undefined
  /** Called with what was asked for anew and may not be paid for, as a limit is reached or paying is stopped. */
  onStopped?: ((wanted: GenerationToInsert) => void) | undefined
  /** Room for another idempotency key of an owner; throws `too_much_kept`. */
  takeKey?: ((ownerId: string) => Promise<void>) | undefined
}

export type Submission = {
  generation: GenerationWithImage
  /**
   * `new`: it is to be put in the queue. `exact`: the image existed. `joined`: it was under way. `replayed`: this
   * submission was made before and failed, or the model refused its like a short while ago.
   */
  kind: 'new' | 'exact' | 'joined' | 'replayed'
  /** The generation whose similar image was declined by this. */
  declined?: GenerationWithImage
  /** Of a new one: how many the workers will take before it, plus one. */
  queuePosition?: number
  /** Of a new one: the limit to what is spent that its call comes nearest to. */
  nearest?: NearestLimit | undefined
}

/** What a submission asks of Postgres. */
export type SubmissionStatements = {
  /** The generation that answers for a fingerprint. */
  find: (fingerprint: string) => Promise<GenerationWithImage | undefined>
  /** A new row, or why it may not be paid for; undefined when something answers already, or the owner has too many in flight. */
  insert: (row: GenerationToInsert) => Promise<Inserted | Refused | undefined>
}

/** Makes one statement of those of many requests at the same moment: half of what one costs is the round trip. */
export const createBatchedStatements = (
  db: Database,
  limits: InsertLimits,
): SubmissionStatements => ({
  find: createBatcher(
    (fingerprints: string[]) => findAnswering(db, fingerprints, limits.refusalTtlMs),
    { maxSize: MAX_BATCH, maxRunning: 2, isShared: isDatabaseAway },
  ),
  // One at a time: two at once would not see each other's rows, and give an owner two first places in line.
  insert: createBatcher((rows: GenerationToInsert[]) => insertOrRequeue(db, rows, limits), {
    maxSize: MAX_BATCH,
    maxRunning: 1,
    isShared: isDatabaseAway,
  }),
})

const MAX_BATCH = 100

/** Within the transaction of one submission. */
const createOwnStatements = (tx: Database, limits: InsertLimits): SubmissionStatements => ({
  find: async (fingerprint) => (await findAnswering(tx, [fingerprint], limits.refusalTtlMs))[0],
  insert: async (row) => (await insertOrRequeue(tx, [row], limits))[0],
})

/** With `own`, the image of a similar prompt is declined: the answer is one of this prompt. */
type Request = Pick<ResolvedRequest, 'generation' | 'olderFingerprint' | 'own'>

/**
 * The row that answers for a request: one that is there, or a new one. Under the same key the same request gets the
 * same generation. Safe to repeat. Throws `too_many_queued`, `rate_limited`, `budget_exceeded`, `spending_paused` and
 * `idempotency_key_reused`.
 */
export const findOrCreate = async (
  deps: FindOrCreateDeps,
  request: Request,
  key?: RequestedKey,
  describeOlder?: DescribeOlder,
): Promise<Submission> => {
  if (!key) return settle(deps, request)
  const { db, limits, takeNew, onStopped } = deps
  const { id: generationId, ownerId } = request.generation
  await deps.takeKey?.(ownerId)
  await insertOwnerIfNew(db, ownerId)
  return db.transaction().execute(async (tx) => {
    const statements = createOwnStatements(tx, limits)
    const within = { db: tx, statements, limits, takeNew, onStopped }
    const bound = await bindIdempotencyKey(tx, { ...key, ownerId, generationId }, describeOlder)
    const earlier = bound.isNew ? undefined : await findGeneration(tx, bound.generationId)
    if (earlier) return answerWith(earlier)
    const submission = await settle(within, request)
    if (bound.isNew) await bound.pointTo(submission.generation.id)
    return submission
  })
}

const settle = (deps: FindOrCreateDeps, request: Request): Promise<Submission> => {
  const { generation, olderFingerprint, own } = request
  if (!own) return join(deps, generation, olderFingerprint)
  return inRounds(async () => {
    const submission = await join(deps, generation, olderFingerprint)
    const { generation: found, kind } = submission
    if (found.reuseSource === 'similar') return { ...(await join(deps, own)), declined: found }
    const isSettled = kind !== 'joined' || (await declineSimilar(deps.db, found.id)) !== undefined
    return isSettled ? submission : undefined
  })
}

const join = (
  deps: FindOrCreateDeps,
  wanted: GenerationToInsert,
  olderFingerprint?: string,
): Promise<Submission> =>
  inRounds(async (round) => {
    const answering =
      (await findAnswer(deps, wanted, round)) ??
      (olderFingerprint && (await findOlder(deps, olderFingerprint)))
    if (answering) return answerWith(answering)
    const isFull = () => isOwnerFull(deps.db, wanted.ownerId, deps.limits.maxInFlight)
    if (round > 0 && (await isFull())) throw tooManyQueued()
    const putBack = deps.takeNew?.(wanted.ownerId)
    const inserted = await deps.statements.insert(wanted)
    if (!inserted || inserted.stopped) putBack?.()
    if (inserted?.stopped) {
      deps.onStopped?.(wanted)
      throw inserted.stopped
    }
    return inserted && { ...inserted, kind: 'new' }
  })

type FindDeps = { db: Database; statements: Pick<SubmissionStatements, 'find'> }

/** One that wants an image of its own is answered by nothing but itself, if it was asked for before. */
export const findAnswer = async (
  { db, statements }: FindDeps,
  { joinsOthers, fingerprint, id }: GenerationToInsert,
  round: number,
): Promise<GenerationWithImage | undefined> => {
  if (joinsOthers) return statements.find(fingerprint)
  return round > 0 ? findGeneration(db, id) : undefined
}

/** One that a release up to 0.1 made, or is making, of the same words. */
export const findOlder = async (
  { statements }: Pick<FindDeps, 'statements'>,
  olderFingerprint: string,
) => {
  const older = await statements.find(olderFingerprint)
  return older?.isPromptAsWritten ? undefined : older
}

/** Each further round means that an equal generation began or ended between two of our statements. */
const inRounds = async (
  tryOnce: (round: number) => Promise<Submission | undefined>,
): Promise<Submission> => {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const submission = await tryOnce(round)
    if (submission) return submission
  }
  throw new AppError(
    'unavailable',
    'Equal requests kept beginning and ending while this one was accepted; send it again.',
    { retryable: true },
  )
}

const MAX_ROUNDS = 5

export const answerWith = (generation: GenerationWithImage): Submission => {
  if (generation.status === 'succeeded') return { generation, kind: 'exact' }
  return { generation, kind: isTerminal(generation.status) ? 'replayed' : 'joined' }
}

export const tooManyQueued = () =>
  new AppError(
    'too_many_queued',
    'You have as many images in the making as one owner may have at once; wait for some of them.',
    { retryable: true, retryAfterMs: FULL_RETRY_AFTER_MS },
  )

const FULL_RETRY_AFTER_MS = 10_000
