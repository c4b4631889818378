import type { Database } from '../../../db/database.ts'
import { isTerminal } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import type { GenerationToInsert, InsertLimits } from '../state/insert-or-requeue.ts'
import { findGeneration, type GenerationWithImage } from '../state/repository.ts'
import { bindIdempotencyKey, insertOwnerIfNew, type RequestedKey } from './idempotency.ts'
import type { Wanted } from './resolve-request.ts'
import { createIntake, type Intake } from './submission-statements.ts'

export type AcceptDeps = { db: Database; intake: Intake; limits: InsertLimits }

export type Accepted = {
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
}

/**
 * The row that answers for a request: one that is there, or a new one. Under the same key the same request gets the
 * same generation. Safe to repeat. Throws `too_many_queued` and `idempotency_key_reused`.
 */
export const acceptGeneration = (
  { db, intake, limits }: AcceptDeps,
  wanted: WantedGeneration,
  key: RequestedKey | undefined,
): Promise<Accepted> => (key ? acceptOnce(db, limits, wanted, key) : accept(intake, wanted))

/** With `own`, the image of a similar prompt is declined: the answer is one of this prompt. */
type WantedGeneration = Pick<Wanted, 'generation' | 'own'>

const acceptOnce = async (
  db: Database,
  limits: InsertLimits,
  wanted: WantedGeneration,
  key: RequestedKey,
): Promise<Accepted> => {
  await insertOwnerIfNew(db, wanted.generation.ownerId)
  return db.transaction().execute((tx) => bindAndAccept(tx, createIntake(tx, limits), wanted, key))
}

const bindAndAccept = async (
  tx: Parameters<typeof bindIdempotencyKey>[0],
  intake: Intake,
  wanted: WantedGeneration,
  key: RequestedKey,
): Promise<Accepted> => {
  const { id: generationId, ownerId } = wanted.generation
  const bound = await bindIdempotencyKey(tx, { ...key, ownerId, generationId })
  if (bound.isNew) {
    const accepted = await accept(intake, wanted)
    await bound.pointTo(accepted.generation.id)
    return accepted
  }
  const generation = await findGeneration(tx, bound.generationId)
  return generation ? answerWith(generation) : accept(intake, wanted)
}

const accept = async (intake: Intake, { generation, own }: WantedGeneration): Promise<Accepted> => {
  if (!own) return join(intake, generation)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const accepted = await join(intake, generation)
    const { generation: found, kind } = accepted
    if (found.reuseSource === 'similar') return { ...(await join(intake, own)), declined: found }
    if (kind !== 'joined' || (await intake.declineSimilar(found.id))) return accepted
  }
  throw metTooManyOthers()
}

const join = async (intake: Intake, wanted: GenerationToInsert): Promise<Accepted> => {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const answering = await findAnswer(intake, wanted, round)
    if (answering) return answerWith(answering)
    if (round > 0 && (await intake.isFull(wanted.ownerId))) throw tooManyQueued()
    const inserted = await intake.insert(wanted)
    if (inserted) return { ...inserted, kind: 'new' }
  }
  throw metTooManyOthers()
}

const metTooManyOthers = () =>
  new AppError('unavailable', 'The request met too many others like it; send it again.', {
    retryable: true,
  })

/** One that wants an image of its own is answered by nothing but itself, if somebody asked for it before. */
const findAnswer = async (
  intake: Intake,
  { joinsOthers, fingerprint, id }: GenerationToInsert,
  round: number,
): Promise<GenerationWithImage | undefined> => {
  if (joinsOthers) return intake.find(fingerprint)
  return round > 0 ? intake.findById(id) : undefined
}

/** Each further round means that an equal generation began or ended between our two statements. */
const MAX_ROUNDS = 5

const answerWith = (generation: GenerationWithImage): Accepted => {
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
