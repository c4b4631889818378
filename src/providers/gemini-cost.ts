import type { ImageSize } from '../contract/vocabulary.ts'
import type { GeminiAnswer } from './gemini-answer.ts'
import { getGeminiPrice } from './price-table.ts'

/**
 * What one answered call cost, in US dollars: its tokens at the model's prices where the answer counts
 * them, else the list price of one image of the size.
 */
export const costGeminiCall = (model: string, size: ImageSize, usage?: Usage): number => {
  const price = getGeminiPrice(model)
  const perToken = (usdPerMillion: number, tokens: number) => (usdPerMillion * tokens) / 1_000_000
  const { input, textOutput, imageOutput } = price.usdPerMillionTokens
  const { inputTokens, textTokens, imageTokens } = countTokens(usage)
  const imageUsd =
    imageTokens > 0
      ? perToken(imageOutput, imageTokens)
      : (price.priceUsd[size] ?? price.priceUsd['1K'] ?? 0)
  return roundUsd(imageUsd + perToken(input, inputTokens) + perToken(textOutput, textTokens))
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
