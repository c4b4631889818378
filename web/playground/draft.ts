import type { GenerationRequestInput } from '../../src/client.ts'
import { findListPriceUsd } from '../../src/contract/list-price.ts'
import type { ModelInfo, ServerInfo } from '../../src/contract/server-info.ts'
import type {
  AspectRatio,
  ImageSize,
  SimilarityMode,
  Transformation,
} from '../../src/contract/vocabulary.ts'

/** A request as the form has it; an empty string is "as the server has it". */
export type Draft = {
  prompt: string
  /** The id of one of the owner's images. */
  conditionImage: string
  transformation: Transformation
  aspectRatio: AspectRatio | ''
  imageSize: ImageSize
  model: string
  variant: string
  similarity: SimilarityMode | ''
}

const EMPTY: Draft = {
  prompt: 'A lighthouse on a cliff at dawn, soft watercolour, long shadows',
  conditionImage: '',
  transformation: 'generate',
  aspectRatio: '',
  imageSize: '1K',
  model: '',
  variant: '',
  similarity: '',
}

const names = Object.keys(EMPTY) as (keyof Draft)[]

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

/** What is sent: only what differs from what the server would take by itself. */
export const toRequest = (draft: Draft): GenerationRequestInput => ({
  prompt: draft.prompt,
  ...(draft.conditionImage && { conditionImage: draft.conditionImage }),
  ...(draft.transformation !== 'generate' && { transformation: draft.transformation }),
  ...(draft.aspectRatio && { aspectRatio: draft.aspectRatio }),
  ...(draft.imageSize !== '1K' && { imageSize: draft.imageSize }),
  ...(draft.model && { model: draft.model }),
  ...(draft.variant.trim() && { variant: draft.variant.trim() }),
  ...(draft.similarity && { similarity: draft.similarity }),
})

export const findModel = (info: ServerInfo, draft: Draft): ModelInfo | undefined =>
  info.models.find(({ name }) => name === (draft.model || info.defaultModel))

/** The list price of what the draft asks for, in US dollars. */
export const priceDraftUsd = (info: ServerInfo, draft: Draft): number =>
  findListPriceUsd(info.models, draft.model || info.defaultModel, draft.imageSize)
