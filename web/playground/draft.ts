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
  return new URLSearchParams(changed.map((name) => [name, draft[name]])).toString()
}

/** The draft without what its model can't do, and what an address has wrong: that is not shown, and not sent. */
export const fitDraft = (info: ServerInfo, draft: Draft): Draft => {
  const model = findModel(info, draft)
  const level = draft.thinkingLevel
  return {
    ...draft,
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

export const findModel = (info: ServerInfo, draft: Draft): ModelInfo | undefined =>
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
