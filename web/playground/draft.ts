import type { GenerationRequestInput } from '../../src/client.ts'
import { MAX_SEED } from '../../src/contract/limits.ts'
import { findListPriceUsd } from '../../src/contract/list-price.ts'
import type { ModelInfo, ServerInfo } from '../../src/contract/server-info.ts'
import type {
  AspectRatio,
  ImageSize,
  OutputFormat,
  SimilarityMode,
  ThinkingLevel,
  Transformation,
} from '../../src/contract/vocabulary.ts'

/** A request as the form has it; an empty string is "as the server has it". */
export type Draft = {
  prompt: string
  /** Ids of the owner's images, in order, with a comma between two. */
  conditionImage: string
  transformation: Transformation
  aspectRatio: AspectRatio | ''
  imageSize: ImageSize
  model: string
  /** How many pictures. */
  n: string
  variant: string
  similarity: SimilarityMode | ''
  negativePrompt: string
  seed: string
  thinkingLevel: ThinkingLevel | ''
  outputFormat: OutputFormat | ''
}

/** What the server has, and what of it is this caller's to ask for. */
type Offer = Pick<ServerInfo, 'models' | 'defaultModel' | 'caller'>

const EMPTY: Draft = {
  prompt: 'A lighthouse on a cliff at dawn, soft watercolour, long shadows',
  conditionImage: '',
  transformation: 'generate',
  aspectRatio: '',
  imageSize: '1K',
  model: '',
  n: '1',
  variant: '',
  similarity: '',
  negativePrompt: '',
  seed: '',
  thinkingLevel: '',
  outputFormat: '',
}

const names = Object.keys(EMPTY) as (keyof Draft)[]

/** What the form shows only on demand. */
const FURTHER = [
  'negativePrompt',
  'seed',
  'thinkingLevel',
  'outputFormat',
  'variant',
  'similarity',
] as const

/** The draft that an address names; what it leaves out is as in the empty form. */
export const parseDraft = (query: Record<string, string>): Draft => {
  const given = names.flatMap((name) => (query[name] ? [[name, query[name]]] : []))
  return { ...EMPTY, ...Object.fromEntries(given) }
}

/** The draft as a query, so that it can be shared. */
export const formatDraft = (draft: Draft): string => {
  const changed = names.filter((name) => name === 'prompt' || draft[name] !== EMPTY[name])
  return new URLSearchParams(
    changed.map((name): [string, string] => [name, draft[name]]),
  ).toString()
}

/**
 * The draft without what its model can't do or its caller may not ask for, and what an address has wrong: that is not shown, and not
 * sent.
 */
export const fitDraft = (info: Offer, written: Draft): Draft => {
  const draft = { ...written, model: chooseModel(info, written) }
  const model = findModel(info, draft)
  const level = draft.thinkingLevel
  const [firstSize = draft.imageSize, ...otherSizes] = listSizes(info, model)
  return {
    ...draft,
    imageSize: otherSizes.includes(draft.imageSize) ? draft.imageSize : firstSize,
    n: /^([1-9]|10)$/.test(draft.n) ? draft.n : EMPTY.n,
    seed: model?.takesSeed ? draft.seed : '',
    thinkingLevel: level && model?.thinkingLevels.includes(level) ? level : '',
  }
}

/** What is sent: only what differs from what the server would take by itself. */
export const toRequest = (draft: Draft): GenerationRequestInput => {
  const [first, ...others] = listConditionImages(draft)
  return {
    prompt: draft.prompt,
    ...(first &&
      (others.length > 0 ? { conditionImages: [first, ...others] } : { conditionImage: first })),
    ...(draft.transformation !== 'generate' && { transformation: draft.transformation }),
    ...(draft.aspectRatio && { aspectRatio: draft.aspectRatio }),
    ...(draft.imageSize !== '1K' && { imageSize: draft.imageSize }),
    ...(draft.model && { model: draft.model }),
    ...(draft.variant.trim() && { variant: draft.variant.trim() }),
    ...(draft.similarity && { similarity: draft.similarity }),
    ...(draft.negativePrompt.trim() && { negativePrompt: draft.negativePrompt.trim() }),
    ...(draft.seed && { seed: Number(draft.seed) }),
    ...(draft.thinkingLevel && { thinkingLevel: draft.thinkingLevel }),
    ...(draft.outputFormat && { outputFormat: draft.outputFormat }),
    ...(draft.n !== '1' && { n: Number(draft.n) }),
  }
}

export const listConditionImages = ({ conditionImage }: Draft): string[] =>
  conditionImage.split(',').filter(Boolean)

/** The models that the caller may ask for. */
export const listModels = ({
  models,
  caller,
}: Pick<Offer, 'models' | 'caller'>): readonly ModelInfo[] =>
  models.filter(({ name }) => caller.models?.includes(name) ?? true)

/** The sizes of a model that the caller may ask for. */
export const listSizes = (
  { caller }: Pick<Offer, 'caller'>,
  model: ModelInfo | undefined,
): ImageSize[] =>
  (Object.keys(model?.priceUsd ?? {}) as ImageSize[]).filter(
    (size) => caller.sizes?.includes(size) ?? true,
  )

/** The draft's, or where that is not the caller's to ask for, the first that is. */
const chooseModel = (info: Offer, { model }: Draft): string => {
  const names = listModels(info).map(({ name }) => name)
  return names.includes(model || info.defaultModel) ? model : (names[0] ?? model)
}

export const findModel = (
  info: Pick<Offer, 'models' | 'defaultModel'>,
  draft: Draft,
): ModelInfo | undefined =>
  info.models.find(({ name }) => name === (draft.model || info.defaultModel))

/** What is wrong with the seed, in words. */
export const findSeedProblem = ({ seed }: Draft): string | undefined =>
  seed === '' || (/^\d{1,10}$/.test(seed) && Number(seed) <= MAX_SEED)
    ? undefined
    : `A whole number from 0 to ${MAX_SEED}.`

/** How many of the further options say something. */
export const countFurther = (draft: Draft): number =>
  FURTHER.filter((name) => draft[name].trim() !== '').length

/** The list price of all that the draft asks for, in US dollars. */
export const priceDraftUsd = (info: ServerInfo, draft: Draft): number =>
  findListPriceUsd(info.models, draft.model || info.defaultModel, draft.imageSize) * Number(draft.n)
