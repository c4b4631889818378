import type { GenerationRow, ImageRow } from '../../../db/schema.ts'
import { withFormat } from '../../contract/format-url.ts'
import type { Generation, Reuse, SimilarImage } from '../../contract/generation.ts'
import type { Image } from '../../contract/image.ts'
import { type ImageSize, isTerminal, type OutputFormat } from '../../contract/vocabulary.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'
import type { GenerationWithImage } from '../state/repository.ts'
import { isForced } from '../state/revision.ts'
import { versionOf } from './images.ts'
import { conditionDigestOf, type MadeBy } from './list-images.ts'
import type { Suggested } from './suggestions.ts'

/** Makes the URLs of answers; absolute, as callers use them from other hosts. */
export type Urls = {
  /** The server's own address, without a slash at its end. */
  base: string
  generation: (id: string) => string
  /** The URL that always works. */
  image: (id: string) => string
  /** Where whoever has it may read its events, and needs no token. */
  events: (id: string) => string
}

export type AnswerContext = {
  urls: Urls
  /** The price of one image, for what a reuse saved while the image's own cost is not known yet. */
  listPriceUsd: (model: string, imageSize: ImageSize) => number
  /** A person who has waited for so long is shown the placeholder, while the work goes on. */
  interactiveDeadlineMs: number
  reuse?: 'exact' | 'joined' | undefined
  queuePosition?: number | undefined
  /** The format that the picture was asked for in. */
  outputFormat?: OutputFormat | undefined
  /** The suggested images that are still there. */
  suggested?: readonly Suggested[] | undefined
  /** For an operator, who sees more than one owner's. */
  showsOwner?: boolean
  /** For a caller who may follow it: the URL of its events is then a permission. */
  signsEvents?: boolean
  /** For who may see this one generation alone: nothing is said of the one that its image was made by. */
  hidesOthers?: boolean
}

const LOCAL_NOTE =
  'Drawn by the local renderer: no image model was called. Set GEMINI_API_KEY or OPENAI_API_KEY for real images.'

/** A generation as it is answered everywhere. */
export const presentGeneration = (
  row: GenerationWithImage,
  {
    urls,
    listPriceUsd,
    interactiveDeadlineMs,
    reuse: reuseSource,
    queuePosition,
    outputFormat,
    suggested = [],
    showsOwner,
    signsEvents,
    hidesOthers,
  }: AnswerContext,
): Generation => {
  const known = describeReuse(row, reuseSource, listPriceUsd)
  const reuse = known && hidesOthers ? { source: known.source, savedUsd: known.savedUsd } : known
  const lateNote = describeLateness(row, interactiveDeadlineMs)
  const self = urls.generation(row.id)
  const image = urls.image(row.id)
  return {
    id: row.id,
    ...(showsOwner && { ownerId: row.ownerId }),
    status: row.status,
    imageUrl: withFormat(withVersion(image, row.imageContentDigest), outputFormat),
    prompt: row.prompt,
    transformation: row.transformation,
    lane: row.lane,
    isExisting: reuse !== undefined,
    isConditioned: row.conditionImageDigest !== null,
    isForced: isForced(row),
    isPlaceholder: lateNote !== undefined || (isTerminal(row.status) && row.status !== 'succeeded'),
    attempts: row.attempts,
    provider: row.provider,
    model: row.model,
    imageSize: row.imageSize,
    createdAt: row.createdAt.toISOString(),
    urls: {
      self,
      events: signsEvents ? urls.events(row.id) : `${self}/events`,
      image,
      cancel: `${self}/cancel`,
    },
    ...defined({
      ...(!hidesOthers && { fingerprint: row.fingerprint, forcedBy: row.forcedBy }),
      reuse,
      similar: suggested.length > 0 ? suggested.map((each) => presentSuggested(each, urls)) : null,
      note: lateNote ?? (row.provider === 'local' ? LOCAL_NOTE : undefined),
      error: describeError(row),
      servedBy: describeServedBy(row),
      queuePosition,
      batch: describeBatch(row),
      costUsd: isTerminal(row.status) ? toUsd(row.costNanoUsd) : undefined,
      tier: row.tier,
      billedTo: row.upstreamAccount === null ? undefined : ('caller' as const),
      aspectRatio: row.aspectRatio,
      variant: row.variant,
      conditionImage: row.conditionImageDigest,
      ...presentDetails(row.details),
      said: row.said,
      thumbhash: row.thumbhash,
      width: row.width,
      height: row.height,
      startedAt: row.startedAt?.toISOString(),
      deadlineAt: isTerminal(row.status) ? undefined : row.deadlineAt?.toISOString(),
      finishedAt: row.finishedAt?.toISOString(),
    }),
  }
}

/** Who made an image of one's own that a route was asked for. */
const describeServedBy = (row: GenerationRow): Generation['servedBy'] =>
  row.status === 'succeeded' && row.calledProvider && row.calledModel
    ? { provider: row.calledProvider, model: row.calledModel }
    : undefined

/** Most say nothing of it. */
const presentDetails = (details: GenerationRow['details']) => {
  if (!details) return undefined
  const { conditionImages, negativePrompt, seed, thinkingLevel, number, turns } = details
  return {
    conditionImages: conditionImages?.map(({ digest }) => digest),
    negativePrompt,
    seed,
    thinkingLevel,
    number,
    turnCount: turns?.length,
  }
}

/** A similar image as it is answered everywhere. */
export const presentSuggested = (
  { generation, ...suggestion }: Suggested,
  urls: Urls,
): SimilarImage => ({
  generationId: generation.id,
  imageUrl: showGeneration(generation, urls),
  prompt: generation.prompt,
  similarity: suggestion.similarity,
  passes: suggestion.passes,
  reasons: suggestion.reasons,
  ...(suggestion.judge !== undefined && { judge: suggestion.judge }),
})

/** Where its image is or will be, as it was made or in another format. */
export const showGeneration = (
  row: Pick<GenerationWithImage, 'id' | 'imageContentDigest'>,
  urls: Urls,
  format?: OutputFormat,
): string => withFormat(withVersion(urls.image(row.id), row.imageContentDigest), format)

export const presentImage = (
  row: ImageRow & Partial<MadeBy>,
  urls: Urls,
  { showsOwner = false } = {},
): Image => ({
  id: row.id,
  ...(showsOwner && { ownerId: row.userId }),
  imageType: row.imageType,
  imageUrl: withVersion(urls.image(row.id), row.contentDigest),
  generatedAt: row.generatedAt.toISOString(),
  ...defined({
    digest: conditionDigestOf(row),
    prompt: row.prompt,
    transformation: row.transformation,
    variant: row.variant,
    conditionImage: row.conditionImageDigest,
    costUsd: typeof row.costNanoUsd === 'number' ? toUsd(row.costNanoUsd) : undefined,
    mimeType: row.mimeType,
    sizeBytes: row.sizeBytes,
    width: row.width,
    height: row.height,
    thumbhash: row.thumbhash,
  }),
})

/** Names the very bytes, so that it may be cached for ever. */
const withVersion = (imageUrl: string, contentDigest: string | null): string =>
  contentDigest ? `${imageUrl}?v=${versionOf(contentDigest)}` : imageUrl

const LATE_NOTE =
  'Still in the making, beyond the time that a person should wait: show the placeholder. The image will be at the same URL.'

const DOWN_NOTE =
  'The image model is not answering at the moment: show the placeholder. It is tried again until the deadline, and the image will be at the same URL.'

const BATCH_NOTE =
  'It is made in a batch with others, which may take hours: show the placeholder. The image will be at the same URL.'

/** Google aims at a day (ai.google.dev/gemini-api/docs/batch-api), which is usually less. */
const BATCH_TARGET_MS = 86_400_000

/** Where it stands in its batch; undefined for what is in none. */
export const describeBatch = ({ batched }: GenerationWithImage): Generation['batch'] => {
  if (!batched) return undefined
  const { state, gathered, made } = batched
  const since = new Date(made ?? gathered)
  return {
    state: state === 'settled' || state === 'closed' ? 'ended' : state,
    since: since.toISOString(),
    expectedBy: new Date(since.getTime() + BATCH_TARGET_MS).toISOString(),
  }
}

/** Why a person should be shown the placeholder while the work goes on; undefined while there is no reason. */
const describeLateness = (row: GenerationWithImage, deadlineMs: number): string | undefined => {
  if (row.lane !== 'interactive' || isTerminal(row.status)) return undefined
  if (row.batched && row.batched.state !== 'gathered') return BATCH_NOTE
  if (row.status === 'queued' && row.errorCode === 'provider_unavailable') return DOWN_NOTE
  const since = row.promotedAt ?? row.queuedAt
  return row.asOf.getTime() - since.getTime() > deadlineMs ? LATE_NOTE : undefined
}

/** What an answer saved; undefined for one that saved nothing. */
export const describeReuse = (
  row: Paid & { imagePrompt?: string | null },
  answered: 'exact' | 'joined' | undefined,
  listPriceUsd: AnswerContext['listPriceUsd'],
): Reuse | undefined => {
  const source = answered ?? row.reuseSource
  if (!source) return undefined
  const isOthers = row.imageId !== null && row.imageId !== row.id
  const isSimilar = row.reuseSource === 'similar'
  return {
    source,
    savedUsd: savedUsdOf(row, listPriceUsd),
    ...(isOthers && { generationId: row.imageId ?? '' }),
    ...(isSimilar && defined({ similarity: row.similarity, prompt: row.imagePrompt })),
  }
}

/** With what its image cost, where that is known. */
type Paid = GenerationRow & { imageCostNanoUsd?: NanoUsd | null }

/** What is not paid for who takes its image: what that cost, or its list price while it is not known. */
export const savedUsdOf = (
  { imageCostNanoUsd: cost, model, imageSize }: Paid,
  listPriceUsd: AnswerContext['listPriceUsd'],
): number => (typeof cost === 'number' ? toUsd(cost) : listPriceUsd(model, imageSize))

export const describeError = (row: GenerationWithImage): Generation['error'] =>
  row.errorCode === null
    ? undefined
    : {
        code: row.errorCode,
        message: row.errorMessage ?? '',
        retryable: row.errorRetryable ?? false,
      }

type Defined<T> = { [K in keyof T]?: NonNullable<T[K]> }

/** Leaves out what is absent, so that answers have no nulls. */
export const defined = <T extends Record<string, unknown>>(fields: T): Defined<T> => {
  const present: Record<string, unknown> = {}
  for (const name in fields) {
    const value = fields[name]
    if (value !== undefined && value !== null) present[name] = value
  }
  return present as Defined<T>
}
