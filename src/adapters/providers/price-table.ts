import type { ModelInfo } from '../../contract/server-info.ts'
import { aspectRatioSchema } from '../../contract/vocabulary.ts'

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
