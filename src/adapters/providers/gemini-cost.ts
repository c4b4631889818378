import type { ImageSize } from '../../contract/vocabulary.ts'
import type { GeminiAnswer } from './gemini-answer.ts'
import { getGeminiPrice } from './price-table.ts'

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

/** What the tokens of an answer cost, in US dollars; all there is to pay when it has no image. */
export const costGeminiTokens = (model: string, usage?: Usage): number => {
  const { input, textOutput, imageOutput } = getGeminiPrice(model).usdPerMillionTokens
  const { inputTokens, textTokens, imageTokens } = countTokens(usage)
  const perMillion = input * inputTokens + textOutput * textTokens + imageOutput * imageTokens
  return roundUsd(perMillion / 1_000_000)
}

type Usage = GeminiAnswer['usageMetadata']

/** Without the details, the candidates' tokens can't be told apart: the image then goes by its list price. */
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
