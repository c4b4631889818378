import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { isTerminal } from '../../contract/vocabulary.ts'
import { AppError, messageOf } from '../../lib/errors.ts'
import { findListPriceNanoUsd } from '../list-price.ts'
import type { QueuedJob } from '../ports.ts'
import { type GenerationToInsert, type Inserted, isOwnerFull } from '../state/insert-or-requeue.ts'
import type { GenerationWithImage } from '../state/repository.ts'
import { listDetailImages } from '../state/request-details.ts'
import { sealUpstreamKey, upstreamKeyRequired } from '../state/upstream-keys.ts'
import { requestOfRow } from './describe-details.ts'
import { tooManyQueued } from './find-or-create.ts'
import { resolveModel } from './resolve-model.ts'
import { markStep, reportNotEnqueued, type SubmitDeps } from './submit.ts'

export type RetryDeps = Pick<
  SubmitDeps,
  'db' | 'statements' | 'limits' | 'providers' | 'seal' | 'logger' | 'record' | 'onStep'
> & { enqueueAll: (jobs: QueuedJob[]) => Promise<void> }

/** Throws `refused_by_policy` for a generation that the caller may not ask for. */
export type AssertMayAskAgain = (row: GenerationWithImage) => void

/** What became of one: it is queued again, or why it is not. */
export type RetryResult = { id: string } & (
  | { inserted: Inserted; refusal?: never }
  | { refusal: AppError; inserted?: never }
)

/**
 * Asks again for generations that failed or were canceled, under the identity and the limits of a new submission: an
 * image that exists meanwhile, a fresh refusal or a full queue refuses it. What a caller's own key was to pay for is paid for with
 * `upstreamKey`, and refused without one. Answers in the order of `rows`. Safe to
 * repeat; one that is queued already is refused as `in_flight`.
 */
export const retryGenerations = async (
  deps: RetryDeps,
  rows: GenerationWithImage[],
  assertMayAsk: AssertMayAskAgain,
  upstreamKey?: string,
): Promise<RetryResult[]> => {
  const refusals = await findRefusals(deps, rows, assertMayAsk, upstreamKey)
  const explain = createExplanation(deps)
  const asked = await Promise.all(
    rows.map(async (row): Promise<RetryResult> => {
      const { id } = row
      const refusal = refusals.get(id)
      if (refusal) return { id, refusal }
      const inserted = await deps.statements.insert(toInsert(deps, row, upstreamKey))
      if (inserted?.stopped) return { id, refusal: inserted.stopped }
      return inserted ? { id, inserted } : { id, refusal: await explain(row) }
    }),
  )
  await enqueueAll(
    deps,
    asked.flatMap(({ inserted }) => inserted ?? []),
  )
  return asked
}

/** Why each of them can't be asked for again, as far as that is known beforehand; changes nothing. */
export const findRefusals = async (
  { db, providers }: Pick<RetryDeps, 'db' | 'providers'>,
  rows: GenerationWithImage[],
  assertMayAsk: AssertMayAskAgain,
  upstreamKey?: string,
): Promise<Map<string, AppError>> => {
  const gone = await findGoneConditionImages(db, rows)
  const refusals = new Map<string, AppError>()
  for (const row of rows) {
    const isGone = imageIdsOf(row).some((id) => gone.has(id))
    const refusal =
      judge(providers, row) ??
      judgePayer(providers, row, upstreamKey) ??
      judgeAsking(assertMayAsk, row) ??
      (isGone ? conditionImageGone() : undefined)
    if (refusal) refusals.set(row.id, refusal)
  }
  return refusals
}

const judge = (
  providers: RetryDeps['providers'],
  row: GenerationWithImage,
): AppError | undefined => {
  if (row.status === 'succeeded') {
    return new AppError('already_finished', 'The generation has succeeded: regenerate it instead.')
  }
  if (!isTerminal(row.status)) return inFlight()
  if (row.isPromptReduced) {
    return promptReduced()
  }
  const names = new Set(providers.models.map(({ provider }) => provider))
  if (!names.has(row.provider)) {
    return notRetryable(
      `The generation is of the provider ${row.provider}, and this server has ${[...names].join(', ')} now: submit it anew.`,
    )
  }
  try {
    resolveModel(providers, requestOfRow(row))
    return undefined
  } catch (error) {
    return notRetryable(`This server does not offer what was asked for: ${messageOf(error)}.`)
  }
}

const judgePayer = (
  { find }: RetryDeps['providers'],
  { provider, upstreamAccount }: GenerationWithImage,
  upstreamKey: string | undefined,
): AppError | undefined => {
  if (upstreamKey === undefined) return upstreamAccount === null ? undefined : upstreamKeyRequired()
  if (find(provider)?.takesKeys) return undefined
  return notRetryable(`The provider ${provider} takes no keys of callers.`)
}

const judgeAsking = (
  assertMayAsk: AssertMayAskAgain,
  row: GenerationWithImage,
): AppError | undefined => {
  try {
    assertMayAsk(row)
    return undefined
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

const findGoneConditionImages = async (
  db: Database,
  rows: GenerationWithImage[],
): Promise<Set<string>> => {
  const wanted = new Set(rows.flatMap(imageIdsOf))
  if (wanted.size === 0) return wanted
  const kept = await db
    .selectFrom('imageMetadata')
    .select('id')
    .where('id', '=', sql<string>`any(${[...wanted]}::text[])`)
    .where('objectKey', 'is not', null)
    .execute()
  for (const { id } of kept) wanted.delete(id)
  return wanted
}

const imageIdsOf = ({ conditionImageId, details }: GenerationWithImage): string[] => [
  ...(conditionImageId ? [conditionImageId] : []),
  ...listDetailImages(details).map(({ id }) => id),
]

const toInsert = (
  { providers, seal }: Pick<RetryDeps, 'providers' | 'seal'>,
  row: GenerationWithImage,
  upstreamKey: string | undefined,
): GenerationToInsert => ({
  id: row.id,
  ownerId: row.ownerId,
  keyId: row.keyId,
  fingerprint: row.fingerprint,
  revision: row.revision,
  forcedBy: row.forcedBy,
  joinsOthers: row.revision === null,
  lane: row.lane,
  prompt: row.prompt,
  isPromptAsWritten: row.isPromptAsWritten,
  transformation: row.transformation,
  conditionImageId: row.conditionImageId,
  conditionImageDigest: row.conditionImageDigest,
  provider: row.provider,
  model: row.model,
  aspectRatio: row.aspectRatio,
  imageSize: row.imageSize,
  variant: row.variant,
  details: row.details,
  similarityMode: row.similarityMode,
  mayCostNanoUsd:
    upstreamKey === undefined
      ? findListPriceNanoUsd(providers.models, row.model, row.imageSize)
      : 0,
  objectKey: `generated/${row.id}/${randomUUID()}`,
  ...(upstreamKey !== undefined && sealUpstreamKey(seal, upstreamKey, row)),
})

/** Explains why the statement that queues left a row out. */
const createExplanation = ({ db, statements, limits }: RetryDeps) => {
  const full = new Map<string, Promise<boolean>>()
  const isFull = (ownerId: string) => {
    const known = full.get(ownerId) ?? isOwnerFull(db, ownerId, limits.maxInFlight)
    full.set(ownerId, known)
    return known
  }
  return async ({ ownerId, fingerprint, revision }: GenerationWithImage): Promise<AppError> => {
    const answering = revision === null ? await statements.find(fingerprint) : undefined
    if (answering?.status === 'succeeded') {
      return new AppError('already_finished', `There is an image already: that of ${answering.id}.`)
    }
    if (answering?.status === 'failed') {
      return notRetryable('The model refused it a short while ago: wait, or regenerate it.')
    }
    return !answering && (await isFull(ownerId)) ? tooManyQueued() : inFlight()
  }
}

/** When the queue is away, the sweeper hands them over later. */
const enqueueAll = async (deps: RetryDeps, inserted: Inserted[]): Promise<void> => {
  if (inserted.length === 0) return
  for (const { generation } of inserted) {
    deps.record?.({ type: 'generation_started', generationId: generation.id, origin: 'server' })
    markStep(deps, generation.id, 'inserted')
  }
  const jobs = inserted.map(({ generation: { id, lane, place } }) => ({
    generationId: id,
    lane,
    place,
  }))
  try {
    await deps.enqueueAll(jobs)
  } catch (error) {
    for (const { generationId } of jobs) reportNotEnqueued(deps, generationId, error)
  }
}

const inFlight = () => new AppError('in_flight', 'The generation is queued or running already.')

const notRetryable = (message: string) => new AppError('not_retryable', message)

/** Of one that retention has taken the words of. */
export const promptReduced = () =>
  notRetryable('Of its prompt only a digest is kept: submit it anew, with the prompt.')

const conditionImageGone = () =>
  new AppError('condition_image_gone', 'The condition image was deleted: submit it with another.')
