import { createHash, randomUUID } from 'node:crypto'
import type { Transaction } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { Schema } from '../../db/schema.ts'
import type { GenerationRequest } from '../contract/generation-request.ts'
import { createImageIdempotencyKey, type Identity } from '../contract/identity.ts'
import { DEFAULT_IMAGE_SIZE, isTerminal } from '../contract/vocabulary.ts'
import { AppError, messageOf } from '../errors.ts'
import { type ResolveConditionImage, resolveModel } from './admission.ts'
import { bindIdempotencyKey, insertOwnerIfNew } from './idempotency.ts'
import type { GenerationToInsert } from './insert.ts'
import { createIntake, type Intake } from './intake.ts'
import type { Enqueue, Provider } from './ports.ts'
import { findGeneration, type GenerationWithImage } from './repository.ts'
import type { AcceptStep, OnStep } from './steps.ts'
import { promoteGeneration } from './transitions.ts'

export type SubmitDeps = {
  db: Database
  intake: Intake
  provider: Pick<Provider, 'name' | 'defaultModel' | 'models'>
  resolveConditionImage: ResolveConditionImage
  enqueue: Enqueue
  /** Like `enqueue`, and moves a job that is there to where its lane and place belong. */
  promote: Enqueue
  onEnqueueFailure: (generationId: string, message: string) => void
  onStep: OnStep<AcceptStep>
}

export type Submission = {
  generation: GenerationWithImage
  /**
   * `new`: it was put in the queue. `exact`: the image existed. `joined`: it was under way. `replayed`: this
   * submission was made before, and failed.
   */
  kind: 'new' | 'exact' | 'joined' | 'replayed'
  /** Of a new one: how many the workers will take before it, plus one. */
  queuePosition?: number
}

/**
 * Answers a request with the generation that has or will have its image: a finished one, one in flight, or a
 * new one, which is in Postgres when this resolves. A queue that is away costs time, never the generation.
 * Throws `AppError` for what can't be accepted.
 */
export const submitGeneration = async (
  deps: SubmitDeps,
  ownerId: string,
  request: GenerationRequest,
  idempotencyKey?: string,
): Promise<Submission> => {
  const wanted = await describeWanted(deps, ownerId, request)
  deps.onStep(wanted.id, 'described')
  const accepted = idempotencyKey
    ? await acceptOnce(deps.db, wanted, { ownerId, key: idempotencyKey })
    : await accept(deps.intake, wanted)
  if (accepted.kind === 'new') {
    deps.onStep(accepted.generation.id, 'inserted')
    await handOver(deps, deps.enqueue, accepted.generation)
    deps.onStep(accepted.generation.id, 'enqueued')
  }
  if (accepted.kind === 'joined' && wanted.lane === 'interactive') return promote(deps, accepted)
  return accepted
}

const describeWanted = async (
  deps: SubmitDeps,
  ownerId: string,
  request: GenerationRequest,
): Promise<GenerationToInsert> => {
  const { model, imageSize } = resolveModel(deps.provider, request)
  const condition = request.conditionImage
    ? await deps.resolveConditionImage(ownerId, request.conditionImage)
    : undefined
  const identity: Identity = {
    owner: ownerId,
    prompt: request.prompt,
    transformation: request.transformation,
    conditionImageDigest: condition?.sourceDigest,
    provider: deps.provider.name,
    model,
    aspectRatio: request.aspectRatio,
    imageSize,
    variant: request.variant,
  }
  const fingerprint = await createImageIdempotencyKey(identity, sha256Hex)
  const revision = request.skipExistingCheck ? randomUUID() : null
  const id = revision
    ? await createImageIdempotencyKey({ ...identity, revision }, sha256Hex)
    : fingerprint
  return {
    id,
    ownerId,
    fingerprint,
    revision,
    lane: request.lane,
    prompt: request.prompt,
    transformation: request.transformation,
    conditionImageId: condition?.id ?? null,
    conditionImageDigest: condition?.sourceDigest ?? null,
    provider: deps.provider.name,
    model,
    aspectRatio: request.aspectRatio ?? null,
    imageSize: imageSize ?? DEFAULT_IMAGE_SIZE,
    variant: request.variant ?? null,
    objectKey: `generated/${id}/${randomUUID()}`,
  }
}

/** Without WebCrypto's detour through a thread, which costs more than the digest (docs/performance.md). */
const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

type OwnersKey = { ownerId: string; key: string }

const acceptOnce = async (
  db: Database,
  wanted: GenerationToInsert,
  owners: OwnersKey,
): Promise<Submission> => {
  await insertOwnerIfNew(db, owners.ownerId)
  return db.transaction().execute((tx) => bindAndAccept(tx, wanted, owners))
}

const bindAndAccept = async (
  tx: Transaction<Schema>,
  wanted: GenerationToInsert,
  { ownerId, key }: OwnersKey,
): Promise<Submission> => {
  const requestDigest = wanted.revision ? `${wanted.fingerprint}:forced` : wanted.fingerprint
  const bound = await bindIdempotencyKey(tx, {
    ownerId,
    key,
    requestDigest,
    generationId: wanted.id,
  })
  if (bound.isNew) {
    const accepted = await accept(createIntake(tx), wanted)
    await bound.pointTo(accepted.generation.id)
    return accepted
  }
  const generation = await findGeneration(tx, bound.generationId)
  return generation ? answerWith(generation) : accept(createIntake(tx), wanted)
}

const accept = async (intake: Intake, wanted: GenerationToInsert): Promise<Submission> => {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const answering = wanted.revision ? undefined : await intake.find(wanted.fingerprint)
    if (answering) return answerWith(answering)
    const inserted = await intake.insert(wanted)
    if (inserted) return { ...inserted, kind: 'new' }
  }
  throw new AppError('unavailable', 'The request met too many others like it; send it again.', {
    retryable: true,
  })
}

/** Each further round means that an equal generation began or ended between our two statements. */
const MAX_ROUNDS = 5

const answerWith = (generation: GenerationWithImage): Submission => {
  if (generation.status === 'succeeded') return { generation, kind: 'exact' }
  return { generation, kind: isTerminal(generation.status) ? 'replayed' : 'joined' }
}

const promote = async (deps: SubmitDeps, joined: Submission): Promise<Submission> => {
  if (joined.generation.lane === 'interactive') return joined
  const promoted = await promoteGeneration(deps.db, joined.generation.id)
  if (!promoted) return joined
  const generation = { ...joined.generation, lane: promoted.lane }
  await handOver(deps, deps.promote, generation)
  return { ...joined, generation }
}

/** A queue that is away is the sweeper's to make good. */
const handOver = async (
  deps: SubmitDeps,
  hand: Enqueue,
  { id: generationId, lane, place }: GenerationWithImage,
): Promise<void> => {
  try {
    await hand({ generationId, lane, place })
  } catch (error) {
    deps.onEnqueueFailure(generationId, messageOf(error))
  }
}
