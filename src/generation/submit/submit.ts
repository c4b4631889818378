import { createHash } from 'node:crypto'
import { DatabaseAway } from '../../../db/away.ts'
import { conditionImagesOf, type GenerationRequest } from '../../contract/generation-request.ts'
import { normalizePrompt } from '../../contract/identity.ts'
import type { TelemetryType } from '../../contract/telemetry.ts'
import { messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Seal } from '../../lib/seal.ts'
import type { Enqueue, Providers } from '../ports.ts'
import type { OnStep, SubmitStep } from '../run/steps.ts'
import { buyOutOfBatch } from '../state/batch-transitions.ts'
import { promoteGeneration } from '../state/interventions.ts'
import type { GenerationWithImage } from '../state/repository.ts'
import type { Payer } from '../state/upstream-keys.ts'
import { type DeferredSubmission, presumeRow } from './deferred-submission.ts'
import {
  answerWith,
  type FindOrCreateDeps,
  findOrCreate,
  type Submission,
} from './find-or-create.ts'
import { type DescribeOlder, findBoundGeneration, type RequestedKey } from './idempotency.ts'
import type { ResolveConditionImage } from './resolve-images.ts'
import { type ResolvedRequest, resolveRequest } from './resolve-request.ts'

export type SubmitDeps = FindOrCreateDeps & {
  providers: Pick<Providers, 'defaultModel' | 'models' | 'find'>
  /** Seals callers' own keys for the provider. */
  seal: Seal
  resolveConditionImage: ResolveConditionImage
  enqueue: Enqueue
  /** Like `enqueue`, and moves a job that is there to where its lane and place belong, to be run at once. */
  promote: Enqueue
  /** Puts a whole submission in the queue for when Postgres is back; rejects where the queue is away too. */
  defer: (submission: DeferredSubmission) => Promise<void>
  logger: Pick<Logger, 'debug' | 'warn'>
  onStep?: OnStep<SubmitStep> | undefined
  /** Called with a generation that was answered with a similar image, when its owner wants another one. */
  onDeclined: (generation: GenerationWithImage) => void
  /** Called with every request that was accepted. */
  onSubmitted: (submission: Submission) => void
  /** Called with how long handing a new generation to the queue took, also when that failed. */
  onEnqueued: (durationMs: number) => void
  /** Records that a generation is to be made, where that is shown. */
  record:
    | ((event: { type: TelemetryType; generationId: string; origin: 'server' }) => void)
    | undefined
}

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
  payer: Payer = { keyId: null },
): Promise<Submission> => {
  const submission = await submit(deps, ownerId, request, idempotencyKey, payer)
  deps.onSubmitted(submission)
  return submission
}

const submit = async (
  deps: SubmitDeps,
  ownerId: string,
  request: GenerationRequest,
  idempotencyKey: string | undefined,
  payer: Payer,
): Promise<Submission> => {
  const sent = toSentKey(request, idempotencyKey)
  let resolved: ResolvedRequest
  try {
    resolved = await resolveRequest(deps, ownerId, request, idempotencyKey, payer)
  } catch (error) {
    const bound = sent && (await findBoundGeneration(deps.db, ownerId, sent).catch(() => undefined))
    if (bound) return answerWith(bound)
    throw error
  }
  markStep(deps, resolved.generation.id, 'described')
  const { key, describeOlder } = await describeKey(resolved, sent)
  if (resolved.uploads.length > 0) return defer(deps, resolved, key)
  let submission: Submission
  try {
    submission = await findOrCreate(deps, resolved, key, describeOlder)
  } catch (error) {
    if (error instanceof DatabaseAway) return defer(deps, resolved, key)
    throw error
  }
  if (submission.declined) deps.onDeclined(submission.declined)
  if (submission.kind === 'new') await enqueueNew(deps, submission.generation)
  const isAskedByPerson = resolved.generation.lane === 'interactive'
  return submission.kind === 'joined' && isAskedByPerson ? promote(deps, submission) : submission
}

type SentKey = Required<Pick<RequestedKey, 'key' | 'sentDigest'>>

/** The client's key with what it came with. */
export const toSentKey = (
  request: GenerationRequest,
  idempotencyKey: string | undefined,
): SentKey | undefined =>
  idempotencyKey ? { key: idempotencyKey, sentDigest: digestSent(request) } : undefined

/** The same once it is known what is asked for. */
export const describeKey = async (
  resolved: ResolvedRequest,
  sent: SentKey | undefined,
): Promise<{ key: RequestedKey | undefined; describeOlder: DescribeOlder }> => {
  const describeOlder: DescribeOlder = (made) => describeOlderDigest(resolved, made)
  const key = sent && { ...sent, requestDigest: await describeOlder(resolved.generation) }
  return { key, describeOlder }
}

/** Of all that decides about the picture, as it was sent: what the server takes where a field is absent may be another soon. */
const digestSent = (request: GenerationRequest): string => {
  const { lane: _lane, similarity: _mode, outputFormat: _format, n: _n, ...sent } = request
  const { conditionImage: _one, conditionImages: _several, prompt, forcedBy: _by, ...rest } = sent
  const fields = Object.entries(rest)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const text = JSON.stringify([normalizePrompt(prompt), fields])
  const images = conditionImagesOf(request).join('\n')
  return createHash('sha256').update(`${text}\n`).update(images).digest('hex')
}

const describeOlderDigest = async (
  { generation: { joinsOthers }, own, describeOlder }: ResolvedRequest,
  made: Parameters<DescribeOlder>[0],
): Promise<string> => {
  const kind = own ? ':own' : joinsOthers ? '' : ':forced'
  return `${await describeOlder(made)}${kind}`
}

/** While Postgres is away the submission waits in the queue. Throws `DatabaseAway` when that is away too. */
const defer = async (
  deps: SubmitDeps,
  { generation, uploads }: ResolvedRequest,
  idempotencyKey: RequestedKey | undefined,
): Promise<Submission> => {
  const [upload, ...otherUploads] = uploads
  const parkedAt = new Date().toISOString()
  const deferred = { generation, upload, otherUploads, idempotencyKey, parkedAt }
  try {
    await deps.defer(deferred)
  } catch (error) {
    throw new DatabaseAway(error)
  }
  markStep(deps, generation.id, 'enqueued')
  return { generation: presumeRow(deferred), kind: 'new' }
}

/** When the queue is away, the sweeper hands the generation over later. */
const enqueueNew = async (
  deps: SubmitDeps,
  { id: generationId, lane, place }: GenerationWithImage,
): Promise<void> => {
  deps.record?.({ type: 'generation_started', generationId, origin: 'server' })
  markStep(deps, generationId, 'inserted')
  const startedAt = performance.now()
  await deps
    .enqueue({ generationId, lane, place })
    .catch((error: unknown) => reportNotEnqueued(deps, generationId, error))
  deps.onEnqueued(performance.now() - startedAt)
  markStep(deps, generationId, 'enqueued')
}

export const markStep = (
  { logger, onStep }: Pick<SubmitDeps, 'logger' | 'onStep'>,
  generationId: string,
  step: SubmitStep,
): void => {
  logger.debug({ generationId, step }, 'step')
  onStep?.(generationId, step)
}

export const reportNotEnqueued = (
  { logger }: Pick<SubmitDeps, 'logger'>,
  generationId: string,
  error: unknown,
): void =>
  logger.warn(
    { generationId, reason: messageOf(error) },
    'not handed to the queue: the sweeper will',
  )

/**
 * Work that a person asks for is no longer eager: it is tried now, whatever it was waiting for, and has a person's deadline.
 * The person does not wait for Postgres or the queue to know.
 */
const promote = async (deps: SubmitDeps, joined: Submission): Promise<Submission> => {
  const { generation } = joined
  if (generation.lane === 'interactive') return joined
  const { id: generationId, place } = generation
  let promoted: Submission = joined
  try {
    const { giveUpMs, promotion } = deps.limits
    const bought =
      promotion === 'buy'
        ? await buyOutOfBatch(deps.db, generationId, giveUpMs.interactive)
        : undefined
    const row = bought ?? (await promoteGeneration(deps.db, generationId, giveUpMs.interactive))
    if (!row) return joined
    promoted = { ...joined, generation: { ...generation, ...row } }
    await deps.promote({ generationId, lane: row.lane, place })
  } catch (error) {
    reportNotEnqueued(deps, generationId, error)
  }
  return promoted
}
