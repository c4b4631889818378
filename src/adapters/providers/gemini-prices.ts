import type { ModelInfo } from '../../contract/server-info.ts'
import { aspectRatioSchema, type ImageSize } from '../../contract/vocabulary.ts'
import type { GeminiAnswer } from './gemini-answer.ts'

/** A model with what its tokens cost, in US dollars per million. */
type ModelPrice = ModelInfo & {
  usdPerMillionTokens: { input: number; textOutput: number; imageOutput: number }
}

const aspectRatios = aspectRatioSchema.options

const nanoBanana: ModelPrice = {
  name: 'gemini-nano-banana-2.1',
  priceUsd: { '1K': 0.0336, '2K': 0.0504, '4K': 0.076 },
  usdPerMillionTokens: { input: 1.5, textOutput: 7.5, imageOutput: 30 },
  aspectRatios,
}

/** List prices of ai.google.dev/gemini-api/docs/pricing, standard tier, November 2026. */
const priceTable: readonly ModelPrice[] = [
  nanoBanana,
  {
    name: 'gemini-3-pro-image',
    priceUsd: { '1K': 0.134, '2K': 0.134, '4K': 0.24 },
    usdPerMillionTokens: { input: 2, textOutput: 12, imageOutput: 120 },
    aspectRatios,
  },
  {
    name: 'gemini-3.1-flash-lite-image',
    priceUsd: { '1K': 0.0336 },
    usdPerMillionTokens: { input: 0.25, textOutput: 1.5, imageOutput: 30 },
    aspectRatios,
  },
]

/**
 * The models on offer, the configured one first. One that the table doesn't know is offered at 1K only,
 * at the default model's price: an estimate, so that spending never reads as zero.
 */
export const listGeminiModels = (configuredModel: string): ModelInfo[] =>
  [
    getGeminiPrice(configuredModel),
    ...priceTable.filter((model) => model.name !== configuredModel),
  ].map(({ name, priceUsd, aspectRatios }) => ({ name, priceUsd, aspectRatios }))

/** What a model costs; the estimate above for one that the table doesn't know. */
export const getGeminiPrice = (model: string): ModelPrice =>
  priceTable.find((known) => known.name === model) ?? {
    ...nanoBanana,
    name: model,
    priceUsd: { '1K': nanoBanana.priceUsd['1K'] ?? 0 },
  }

/**
 * What a call that gave an image cost, in US dollars: its tokens at the model's prices where the answer counts
 * the image's, else the list price of one image of the size.
 */
export const costGeminiImage = (model: string, size: ImageSize, usage?: Usage): number => {
  const { priceUsd } = getGeminiPrice(model)
  const isCounted = countTokens(usage).imageTokens > 0
  const listUsd = isCounted ? 0 : (priceUsd[size] ?? priceUsd['1K'] ?? 0)
  return roundUsd(listUsd + costGeminiTokens(model, usage))
}

/**
 * What a call may cost, in US dollars: the list price of an image of the size; of a size that is not in the list, the
 * highest that is.
 */
export const estimateGeminiCall = (model: string, size: ImageSize): number => {
  const { priceUsd } = getGeminiPrice(model)
  return priceUsd[size] ?? Math.max(0, ...Object.values(priceUsd))
}

/** What the tokens of an answer cost, in US dollars; all there is to pay when it has no image. */
export const costGeminiTokens = (model: string, usage?: Usage): number => {
  const { input, textOutput, imageOutput } = getGeminiPrice(model).usdPerMillionTokens
  const { inputTokens, textTokens, imageTokens } = countTokens(usage)
  const perMillion = input * inputTokens + textOutput * textTokens + imageOutput * imageTokens
  return roundUsd(perMillion / 1_000_000)
}

type Usage = GeminiAnswer['usageMetadata']

/** Without the details, the candidates' tokens are not known by kind: the image then costs its list price. */
const countTokens = (usage: Usage) => {
  const imageTokens = (usage?.candidatesTokensDetails ?? [])
    .filter((detail) => detail.modality === 'IMAGE')
    .reduce((sum, detail) => sum + (detail.tokenCount ?? 0), 0)
  const candidateText = imageTokens > 0 ? (usage?.candidatesTokenCount ?? 0) - imageTokens : 0
  return {
    inputTokens: usage?.promptTokenCount ?? 0,
    textTokens: Math.max(0, candidateText) + (usage?.thoughtsTokenCount ?? 0),
    imageTokens,
  }
}

const roundUsd = (usd: number): number => Math.round(usd * 1e8) / 1e8
