import type { ModelInfo } from '../../contract/server-info.ts'
import type { ImageSize } from '../../contract/vocabulary.ts'
import { findAbilities } from './gemini-abilities.ts'
import type { GeminiAnswer } from './gemini-answer.ts'

/** What a model's tokens cost, in US dollars per million, and how many it takes for an image. */
type ModelPrice = {
  name: string
  usdPerMillionTokens: {
    input: number
    /** Of the part of the prompt that the provider had in its cache. */
    cachedInput: number
    /** Text and thinking. */
    textOutput: number
    imageOutput: number
  }
  /** Tokens of one image; a size that is absent is not offered. */
  imageTokens: Partial<Record<ImageSize, number>>
  /** What it thinks for an image, where that can't be switched off. */
  thinkingTokens: number
}

/** List prices of ai.google.dev/gemini-api/docs/pricing, standard tier, November 2026. */
const priceTable: readonly ModelPrice[] = [
  {
    name: 'gemini-nano-banana-2.1',
    usdPerMillionTokens: { input: 1.5, cachedInput: 0.15, textOutput: 7.5, imageOutput: 30 },
    imageTokens: { '1K': 1_120, '2K': 1_680, '4K': 3_780 },
    thinkingTokens: 900,
  },
  {
    name: 'gemini-3-pro-image',
    usdPerMillionTokens: { input: 2, cachedInput: 0.2, textOutput: 12, imageOutput: 120 },
    imageTokens: { '1K': 1_120, '2K': 1_120, '4K': 2_000 },
    thinkingTokens: 0,
  },
  {
    name: 'gemini-3.1-flash-lite-image',
    usdPerMillionTokens: { input: 0.25, cachedInput: 0.025, textOutput: 1.5, imageOutput: 30 },
    imageTokens: { '1K': 1_120 },
    thinkingTokens: 0,
  },
]

/** For a model that the table doesn't know: the highest of everything, so that no spending is missed. */
const highestPrice: Omit<ModelPrice, 'name'> = {
  usdPerMillionTokens: {
    input: highest(({ usdPerMillionTokens }) => usdPerMillionTokens.input),
    // Whether it has a lower price for these is not known.
    cachedInput: highest(({ usdPerMillionTokens }) => usdPerMillionTokens.input),
    textOutput: highest(({ usdPerMillionTokens }) => usdPerMillionTokens.textOutput),
    imageOutput: highest(({ usdPerMillionTokens }) => usdPerMillionTokens.imageOutput),
  },
  imageTokens: {
    '1K': highest(({ imageTokens }) => imageTokens['1K'] ?? 0),
    '2K': highest(({ imageTokens }) => imageTokens['2K'] ?? 0),
    '4K': highest(({ imageTokens }) => imageTokens['4K'] ?? 0),
  },
  thinkingTokens: highest(({ thinkingTokens }) => thinkingTokens),
}

function highest(of: (price: ModelPrice) => number): number {
  return Math.max(...priceTable.map(of))
}

/** The models on offer, the configured one first. A price that had to be guessed is marked so. */
export const listGeminiModels = (configuredModel: string): ModelInfo[] => [
  describeModel(configuredModel),
  ...priceTable
    .filter(({ name }) => name !== configuredModel)
    .map(({ name }) => describeModel(name)),
]

const describeModel = (name: string): ModelInfo => {
  const { price, isGuessed } = findPrice(name)
  const { usdPerMillionTokens, imageTokens, thinkingTokens } = price
  const priceUsd = Object.fromEntries(
    Object.entries(imageTokens).map(([size, tokens]) => [
      size,
      sumUsd([
        [tokens, usdPerMillionTokens.imageOutput],
        [thinkingTokens, usdPerMillionTokens.textOutput],
      ]),
    ]),
  )
  const abilities = findAbilities(price.name)
  return { name, priceUsd, ...abilities, ...(isGuessed && { isPriceGuessed: true }) }
}

/**
 * What an answer cost, in US dollars: each of its tokens at its own price. Images whose tokens are not counted apart from
 * text are taken to have as many as one of the size has, and to have been thought about as long.
 */
export const costGeminiAnswer = (
  model: string,
  size: ImageSize,
  imageCount: number,
  usage?: Usage,
): number => {
  const { usdPerMillionTokens, imageTokens, thinkingTokens } = findPrice(model).price
  const { total, ofImages: counted } = countOutput(usage)
  const perImage = imageTokens[size] ?? imageTokens['1K'] ?? 0
  const ofImages = counted > 0 ? counted : imageCount * perImage
  const isThoughtUncounted = counted === 0 && imageCount > 0
  const thoughts = usage?.thoughtsTokenCount ?? (isThoughtUncounted ? thinkingTokens : 0)
  const input = (usage?.promptTokenCount ?? 0) + (usage?.toolUsePromptTokenCount ?? 0)
  const cached = Math.min(input, usage?.cachedContentTokenCount ?? 0)
  return sumUsd([
    [input - cached, usdPerMillionTokens.input],
    [cached, usdPerMillionTokens.cachedInput],
    [ofImages, usdPerMillionTokens.imageOutput],
    [Math.max(0, total - ofImages), usdPerMillionTokens.textOutput],
    [thoughts, usdPerMillionTokens.textOutput],
  ])
}

/**
 * What a call may cost, in US dollars: the list price of an image of the size; of a size that is not in the list, the
 * highest that is.
 */
export const estimateGeminiCall = (model: string, size: ImageSize): number => {
  const { priceUsd } = describeModel(model)
  return priceUsd[size] ?? Math.max(0, ...Object.values(priceUsd))
}

/** True of a model that the table does not know: its price is taken to be the highest of everything. */
export const isGeminiPriceGuessed = (model: string): boolean => findPrice(model).isGuessed

type Usage = GeminiAnswer['usageMetadata']

const countOutput = (usage: Usage): { total: number; ofImages: number } => {
  const details = usage?.candidatesTokensDetails ?? []
  const sum = (of: typeof details) => of.reduce((all, { tokenCount }) => all + (tokenCount ?? 0), 0)
  return {
    total: usage?.candidatesTokenCount ?? sum(details),
    ofImages: sum(details.filter(({ modality }) => modality === 'IMAGE')),
  }
}

/** The same model comes as `models/x`, `x-preview` and `x-preview-11-2026`: one price. */
const findPrice = (model: string): { price: ModelPrice; isGuessed: boolean } => {
  const name = model.replace(/^.*\//, '').replace(/(?:[-@](?:preview|latest|exp|\d{2,}))+$/, '')
  const price = priceTable.find((known) => known.name === name)
  return { price: price ?? { ...highestPrice, name: model }, isGuessed: !price }
}

type Share = [tokens: number, usdPerMillion: number]

const sumUsd = (shares: Share[]): number => {
  const usd = shares.reduce((sum, [tokens, price]) => sum + (tokens * price) / 1_000_000, 0)
  return Math.round(usd * 1e8) / 1e8
}
