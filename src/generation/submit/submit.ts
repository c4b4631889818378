import { DatabaseAway } from '../../../db/away.ts'
import type { GenerationRequest } from '../../contract/generation-request.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Enqueue, Provider } from '../ports.ts'
import type { AcceptStep, OnStep } from '../run/steps.ts'
import type { GenerationWithImage } from '../state/repository.ts'
import { promoteGeneration } from '../state/transitions.ts'
import { type ParkedRequest, presumeRow } from './deferred-submission.ts'
import { type AcceptDeps, type Accepted, acceptGeneration } from './find-or-create.ts'
import type { RequestedKey } from './idempotency.ts'
import type { ResolveConditionImage } from './resolve-model.ts'
import { describeWanted, type Wanted } from './resolve-request.ts'

export type SubmitDeps = AcceptDeps & {
  provider: Pick<Provider, 'name' | 'defaultModel' | 'models'>
  resolveConditionImage: ResolveConditionImage
  enqueue: Enqueue
  /** Like `enqueue`, and moves a job that is there to where its lane and place belong. */
  promote: Enqueue
  /** Puts a whole request in the queue for when Postgres is back; rejects where the queue is away too. */
  park: (request: ParkedRequest) => Promise<void>
  onEnqueueFailure: (generationId: string, message: string) => void
  onStep: OnStep<AcceptStep>
  /** Told of a generation that was answered with a similar image, when its owner wants another one. */
  onDeclined: (generation: GenerationWithImage) => void
  /** Told of every request that was accepted. */
  onSubmitted: (submission: Submission) => void
}

export type Submission = Accepted

/**
 * Answers a request with the generation that has or will have its image: a finished one, one in flight, or a
 * new one, which is in Postgres or else in the queue when this resolves. A store that is away costs time, never the
 * generation. Throws `AppError` for what can't be accepted, `unavailable` when neither store answers.
 */
export const submitGeneration = async (
  deps: SubmitDeps,
  ownerId: string,
  request: GenerationRequest,
  idempotencyKey?: string,
): Promise<Submission> => {
  const submission = await submit(deps, ownerId, request, idempotencyKey)
  deps.onSubmitted(submission)
  return submission
}

const submit = async (
  deps: SubmitDeps,
  ownerId: string,
  request: GenerationRequest,
  idempotencyKey: string | undefined,
): Promise<Submission> => {
  const wanted = await describeWanted(deps, ownerId, request, idempotencyKey)
  deps.onStep(wanted.generation.id, 'described')
  const key = idempotencyKey ? describeKey(wanted, idempotencyKey) : undefined
  if (wanted.upload) return park(deps, wanted, key)
  let accepted: Accepted
  try {
    accepted = await acceptGeneration(deps, wanted, key)
  } catch (error) {
    if (error instanceof DatabaseAway) return park(deps, wanted, key)
    throw error
  }
  if (accepted.declined) deps.onDeclined(accepted.declined)
  if (accepted.kind === 'new') await handOver(deps, accepted.generation)
  const isAskedByPerson = wanted.generation.lane === 'interactive'
  return accepted.kind === 'joined' && isAskedByPerson ? promote(deps, accepted) : accepted
}

const describeKey = ({ generation, own }: Wanted, key: string): RequestedKey => {
  const { fingerprint, joinsOthers } = generation
  const kind = own ? ':own' : joinsOthers ? '' : ':forced'
  return { key, requestDigest: `${fingerprint}${kind}` }
}

/** Postgres does not answer: the request waits in the queue, if that does. Throws `DatabaseAway` otherwise. */
const park = async (
  deps: SubmitDeps,
  { generation, upload }: Wanted,
  idempotencyKey: RequestedKey | undefined,
): Promise<Submission> => {
  const parked = { generation, upload, idempotencyKey, parkedAt: new Date().toISOString() }
  try {
    await deps.park(parked)
  } catch (error) {
    throw new DatabaseAway(error)
  }
  deps.onStep(generation.id, 'enqueued')
  return { generation: presumeRow(parked), kind: 'new' }
}

/** A queue that is away is the sweeper's to make good. */
const handOver = async (
  deps: SubmitDeps,
  { id: generationId, lane, place }: GenerationWithImage,
): Promise<void> => {
  deps.onStep(generationId, 'inserted')
  await deps
    .enqueue({ generationId, lane, place })
    .catch((error: unknown) => deps.onEnqueueFailure(generationId, messageOf(error)))
  deps.onStep(generationId, 'enqueued')
}

/** Work that a person asks for is no longer eager; the person does not wait for Postgres or the queue to know. */
const promote = async (deps: SubmitDeps, joined: Submission): Promise<Submission> => {
  const { id: generationId, lane, place } = joined.generation
  if (lane === 'interactive') return joined
  try {
    const promoted = await promoteGeneration(deps.db, generationId)
    if (!promoted) return joined
    await deps.promote({ generationId, lane: promoted.lane, place })
    return { ...joined, generation: { ...joined.generation, lane: promoted.lane } }
  } catch (error) {
    deps.onEnqueueFailure(generationId, messageOf(error))
    return joined
  }
}
