import type { ModelInfo } from '../../contract/server-info.ts'
import {
  type ImageSize,
  imageSizeSchema,
  type Tier,
  tierSchema,
} from '../../contract/vocabulary.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'
import { costOfTokens } from './cost-of-tokens.ts'
import { readAbilities } from './gemini-abilities.ts'
import type { GeminiAnswer } from './gemini-answer.ts'
import { findEntry, type PricedModel, type PriceTable } from './price-table.ts'

export type Prices = Pick<
  PricedModel['prices'],
  'usdPerMillionTokens' | 'imageTokens' | 'thinkingTokens'
>
type Usage = GeminiAnswer['usageMetadata']

/** What Google's models cost by a price table. */
export const createGeminiPrices = (table: PriceTable) => {
  const models = table.models.filter(({ provider }) => provider === 'gemini')
  const dearest = combineDearest(models.map(({ prices }) => prices))
  const pricesOf = (model: string): Prices => findEntry(models, model)?.prices ?? dearest

  const shares = combineShares(models)
  /** Of a model that does not say it: as much as the dearest of those that do; of a tier that none has, the whole. */
  const shareOf = (model: string, tier: Tier): number =>
    tier === 'standard'
      ? 1
      : (findEntry(models, model)?.tiers?.[tier]?.shareOfStandard ?? shares[tier] ?? 1)

  const describeModel = (name: string): ModelInfo => {
    const model = findEntry(models, name)
    return {
      name,
      provider: 'gemini',
      priceUsd: listPricesUsd(model?.prices ?? dearest),
      ...readAbilities(model),
      ...(model?.tiers && { tierShares: listShares(model) }),
      ...(model ? { priceCheckedOn: model.prices.checkedOn } : { isPriceGuessed: true }),
    }
  }

  return {
    /** The models on offer, the configured one first. A price that had to be guessed is marked so. */
    listModels: (configuredModel: string): ModelInfo[] => [
      describeModel(configuredModel),
      ...models
        .filter(({ name, prices }) => name !== configuredModel && makesImages(prices))
        .map(({ name }) => describeModel(name)),
    ],
    /** True of a model that the table doesn't know: it is taken to cost as much as the dearest. */
    isGuessed: (model: string): boolean => findEntry(models, model) === undefined,
    /**
     * What an answer cost: each of its tokens at its own price. Images whose tokens are not counted apart from
     * text are taken to have as many as one of the size has, and to have been thought about as long. All of it at the share of the tier.
     */
    costAnswer: (
      model: string,
      size: ImageSize,
      imageCount: number,
      usage?: Usage,
      tier: Tier = 'standard',
    ): NanoUsd => share(costTokens(pricesOf(model), size, imageCount, usage), shareOf(model, tier)),
    /** The tokens that `costAnswer` counts, by their kind, each kind with its price at once in US dollars a million. */
    listTokens: (
      model: string,
      size: ImageSize,
      imageCount: number,
      usage?: Usage,
    ): PricedTokens[] => {
      const prices = pricesOf(model)
      return Object.entries(countTokens(prices, size, imageCount, usage)).map(([kind, tokens]) => ({
        kind: kind as PricedKind,
        tokens,
        usdPerMillion: prices.usdPerMillionTokens[kind as PricedKind],
      }))
    },
    /**
     * What a call may cost: the list price of an image of the size; of a size that is not in the list, the
     * highest that is, and of a model that is listed without any, the dearest.
     */
    estimateCall: (model: string, size: ImageSize, tier: Tier = 'standard'): NanoUsd => {
      const prices = pricesOf(model)
      const list = listPrices(makesImages(prices) ? prices : dearest)
      const standard = list[size] ?? Math.max(0, ...Object.values(list))
      return share(standard, shareOf(model, tier))
    },
  }
}

/** To the billionth of a dollar. */
const share = (nanoUsd: NanoUsd, ofStandard: number): NanoUsd => Math.round(nanoUsd * ofStandard)

const slowTiers = tierSchema.exclude(['standard']).options

const listShares = ({ tiers = {} }: Pick<PricedModel, 'tiers'>): ModelInfo['tierShares'] =>
  Object.fromEntries(
    slowTiers.flatMap((tier) => {
      const said = tiers[tier]
      return said ? [[tier, said.shareOfStandard]] : []
    }),
  )

/** The highest share of each tier that any model says. */
const combineShares = (models: readonly PricedModel[]): Partial<Record<Tier, number>> =>
  Object.fromEntries(
    slowTiers.flatMap((tier) => {
      const said = models.flatMap(({ tiers }) => tiers?.[tier]?.shareOfStandard ?? [])
      return said.length > 0 ? [[tier, Math.max(...said)]] : []
    }),
  )

export const makesImages = ({ imageTokens }: Prices): boolean => Object.keys(imageTokens).length > 0

export const listPricesUsd = (prices: Prices): ModelInfo['priceUsd'] =>
  Object.fromEntries(
    Object.entries(listPrices(prices)).map(([size, nanoUsd]) => [size, toUsd(nanoUsd)]),
  )

/** Of one image by its size: its tokens, and those that are thought for it. */
export const listPrices = (prices: Prices): Partial<Record<ImageSize, NanoUsd>> => {
  const { usdPerMillionTokens: usd, imageTokens, thinkingTokens } = prices
  return Object.fromEntries(
    Object.entries(imageTokens).map(([size, tokens]) => [
      size,
      costOfTokens([
        [tokens, usd.imageOut],
        [thinkingTokens, usd.thinking],
      ]),
    ]),
  )
}

/** For a model that the table doesn't know: the highest of everything, so that no spending is missed. */
export const combineDearest = (all: readonly Prices[]): Prices => {
  const highest = (of: (prices: Prices) => number): number => Math.max(0, ...all.map(of))
  const textIn = highest(({ usdPerMillionTokens: usd }) => usd.textIn)
  const imageIn = highest(({ usdPerMillionTokens: usd }) => usd.imageIn)
  return {
    usdPerMillionTokens: {
      textIn,
      imageIn,
      // Whether it has a lower price for these is not known.
      cachedIn: Math.max(textIn, imageIn),
      toolUse: highest(({ usdPerMillionTokens: usd }) => usd.toolUse),
      textOut: highest(({ usdPerMillionTokens: usd }) => usd.textOut),
      thinking: highest(({ usdPerMillionTokens: usd }) => usd.thinking),
      imageOut: highest(({ usdPerMillionTokens: usd }) => usd.imageOut),
    },
    imageTokens: Object.fromEntries(
      imageSizeSchema.options.map((size) => [
        size,
        highest(({ imageTokens }) => imageTokens[size] ?? 0),
      ]),
    ),
    thinkingTokens: highest(({ thinkingTokens }) => thinkingTokens),
  }
}

const costTokens = (prices: Prices, size: ImageSize, imageCount: number, usage: Usage): NanoUsd => {
  const { usdPerMillionTokens: usd } = prices
  const tokens = countTokens(prices, size, imageCount, usage)
  return costOfTokens(
    Object.entries(tokens).map(([kind, count]) => [count, usd[kind as PricedKind]]),
  )
}

/** What a token is of, by which it has its price. */
export type PricedTokens = { kind: PricedKind; tokens: number; usdPerMillion: number }
type PricedKind = keyof Prices['usdPerMillionTokens']

const countTokens = (
  { usdPerMillionTokens: usd, imageTokens, thinkingTokens }: Prices,
  size: ImageSize,
  imageCount: number,
  usage: Usage,
): Record<PricedKind, number> => {
  const { total, ofImages: counted } = countOutput(usage)
  const perImage = imageTokens[size] ?? Math.max(0, ...Object.values(imageTokens))
  const ofImages = counted > 0 ? counted : imageCount * perImage
  const isThoughtUncounted = counted === 0 && imageCount > 0
  const { text, image, cached } = countInput(usage, usd)
  return {
    textIn: text,
    imageIn: image,
    cachedIn: cached,
    toolUse: usage?.toolUsePromptTokenCount ?? 0,
    imageOut: ofImages,
    textOut: Math.max(0, total - ofImages),
    thinking: usage?.thoughtsTokenCount ?? (isThoughtUncounted ? thinkingTokens : 0),
  }
}

/** The prompt's tokens by their kind. Of which kind those in the cache were is not said: of the cheaper one, as far as there are any. */
const countInput = (
  usage: Usage,
  { textIn, imageIn }: Prices['usdPerMillionTokens'],
): { text: number; image: number; cached: number } => {
  const all = usage?.promptTokenCount ?? 0
  const pictures = Math.min(all, sumOf(usage?.promptTokensDetails, 'IMAGE'))
  const cached = Math.min(all, usage?.cachedContentTokenCount ?? 0)
  const left = all - cached
  const image = imageIn >= textIn ? Math.min(pictures, left) : left - Math.min(all - pictures, left)
  return { text: left - image, image, cached }
}

const countOutput = (usage: Usage): { total: number; ofImages: number } => ({
  total: usage?.candidatesTokenCount ?? sumOf(usage?.candidatesTokensDetails),
  ofImages: sumOf(usage?.candidatesTokensDetails, 'IMAGE'),
})

type Details = NonNullable<Usage>['candidatesTokensDetails']

const sumOf = (details: Details, wanted?: 'IMAGE'): number =>
  (details ?? [])
    .filter(({ modality }) => wanted === undefined || modality === wanted)
    .reduce((sum, { tokenCount }) => sum + (tokenCount ?? 0), 0)
