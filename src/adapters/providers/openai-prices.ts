import { MAX_CONDITION_IMAGES } from '../../contract/limits.ts'
import type { ModelInfo } from '../../contract/server-info.ts'
import { aspectRatioSchema, type ImageSize } from '../../contract/vocabulary.ts'
import { type NanoUsd, toNanoUsd } from '../../lib/money.ts'
import { costOfTokens } from './cost-of-tokens.ts'
import { type Abilities, readAbilities } from './gemini-abilities.ts'
import {
  combineDearest,
  listPrices,
  listPricesUsd,
  makesImages,
  type Prices,
} from './gemini-prices.ts'
import type { OpenaiUsage } from './openai-answer.ts'
import { findEntry, type PriceTable } from './price-table.ts'

/** Beyond this a figure is nonsense, and no figure. */
const MAX_CALL_NANO_USD = toNanoUsd(1_000)

/** What the models of an OpenAI-shaped server cost by a price table. */
export const createOpenaiPrices = (table: PriceTable) => {
  const models = table.models.filter(({ provider }) => provider === 'openai')
  const dearest = combineDearest(models.map(({ prices }) => prices))
  const pricesOf = (model: string): Prices => findEntry(models, model)?.prices ?? dearest

  const describeModel = (name: string): ModelInfo => {
    const model = findEntry(models, name)
    return {
      name,
      provider: 'openai',
      priceUsd: listPricesUsd(model?.prices ?? dearest),
      ...(model?.abilities ? readAbilities(model) : UNKNOWN),
      ...(model ? { priceCheckedOn: model.prices.checkedOn } : { isPriceGuessed: true }),
    }
  }

  return {
    /** The models of these names. A price that had to be guessed is marked so. */
    listModels: (names: readonly string[]): ModelInfo[] => names.map(describeModel),
    /** The models that the table has prices of. */
    knownModels: models.filter(({ prices }) => makesImages(prices)).map(({ name }) => name),
    /** What an answer cost: what it says, else each of its tokens at its own price, else its pictures at theirs. */
    costAnswer: (
      model: string,
      size: ImageSize,
      imageCount: number,
      usage?: OpenaiUsage,
    ): { nanoUsd: NanoUsd; basis: 'measured' | 'listed' } => {
      const said = usage?.cost == null ? undefined : toSane(usage.cost)
      const nanoUsd = said ?? costTokens(pricesOf(model), usage)
      if (nanoUsd !== undefined && nanoUsd <= MAX_CALL_NANO_USD)
        return { nanoUsd, basis: 'measured' }
      return { nanoUsd: imageCount * priceOf(pricesOf(model), size), basis: 'listed' }
    },
    /** What a call may cost: the list price of an image of the size; of a size that is not in the list, the highest that is. */
    estimateCall: (model: string, size: ImageSize): NanoUsd => {
      const prices = pricesOf(model)
      return priceOf(makesImages(prices) ? prices : dearest, size)
    },
  }
}

/** Dollars as a server says them; undefined where that is nonsense. */
const toSane = (usd: number): NanoUsd | undefined =>
  usd * 1e9 <= MAX_CALL_NANO_USD ? toNanoUsd(usd) : undefined

const priceOf = (prices: Prices, size: ImageSize): NanoUsd => {
  const listed = listPrices(prices)
  return listed[size] ?? Math.max(0, ...Object.values(listed))
}

/** Undefined where nothing that came out is counted. Tokens that are not told apart are taken to be of the dearer kind. */
const costTokens = (
  { usdPerMillionTokens: usd }: Prices,
  usage: OpenaiUsage,
): NanoUsd | undefined => {
  const output = usage?.output_tokens ?? sum(usage?.output_tokens_details)
  if (output === undefined) return undefined
  const input = usage?.input_tokens ?? sum(usage?.input_tokens_details) ?? 0
  const cached = Math.min(input, usage?.input_tokens_details?.cached_tokens ?? 0)
  const textIn = Math.min(input - cached, usage?.input_tokens_details?.text_tokens ?? 0)
  const textOut = Math.min(output, usage?.output_tokens_details?.text_tokens ?? 0)
  return costOfTokens([
    [textIn, usd.textIn],
    [input - cached - textIn, usd.imageIn],
    [cached, usd.cachedIn],
    [textOut, usd.textOut],
    [output - textOut, usd.imageOut],
  ])
}

type Details = NonNullable<OpenaiUsage>['input_tokens_details']

const sum = (details: Details): number | undefined =>
  details ? (details.text_tokens ?? 0) + (details.image_tokens ?? 0) : undefined

/** Of a model that nothing is said of: what every such server takes. What it can't do it refuses itself. */
const UNKNOWN: Abilities = {
  aspectRatios: aspectRatioSchema.options,
  maxConditionImages: MAX_CONDITION_IMAGES,
  thinkingLevels: [],
  takesSeed: false,
  takesSafetySettings: false,
  takesTurns: false,
}
