import type { ImageSize } from '../../contract/vocabulary.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { type GeminiAnswer, parseGeminiAnswer } from './gemini-answer.ts'
import { createGeminiPrices, type PricedTokens } from './gemini-prices.ts'
import { findEntry, type PriceTable } from './price-table.ts'

/** What of a call's cost was for tokens of one kind, unrounded. */
export type CostPart = { kind: PricedTokens['kind']; tokens: number; nanoUsd: number }

export type CallToSplit = {
  model: string
  size: ImageSize
  tier: string
  /** As the provider sent it. */
  usage: unknown
  costNanoUsd: NanoUsd
}

/** An answer has no more pictures than this that were not counted apart. */
const MAX_PICTURES = 10

/** What a price table tells of calls that are booked. */
export const createCostSplit = (table: PriceTable) => {
  const prices = createGeminiPrices(table)
  const entryOf = (model: string) => {
    // An embedder's name has its dimensions behind it.
    const plain = model.replace(/@\d+$/, '')
    return findEntry(table.models, plain) ?? findEntry(table.embeddings, plain)
  }
  /** What a tier costs of what it costs at once; undefined where no price says so. */
  const shareOf = (model: string, tier: string): number | undefined => {
    if (tier === 'standard') return 1
    const tiers = findEntry(table.models, model)?.tiers ?? {}
    return Object.entries(tiers).find(([name]) => name === tier)?.[1]?.shareOfStandard
  }

  const listParts = ({ model, size, tier, usage }: CallToSplit, pictures: number): CostPart[] => {
    const share = shareOf(model, tier) ?? 1
    const listed = isOpenai(usage)
      ? listOpenai(table, model, usage)
      : prices.listTokens(model, size, pictures, readUsage(usage))
    return listed
      .filter(({ tokens }) => tokens > 0)
      .map(({ kind, tokens, usdPerMillion }) => ({
        kind,
        tokens,
        nanoUsd: tokens * usdPerMillion * 1_000 * share,
      }))
  }

  /**
   * What of a call's cost was for which tokens; undefined where none were counted. Of pictures that were not counted apart there are as
   * many as the cost says. What was booked by another table's prices keeps its cost, shared out by this one's.
   */
  const split = (call: CallToSplit): CostPart[] | undefined => {
    if (typeof call.usage !== 'object' || call.usage === null) return undefined
    const choices = Array.from({ length: MAX_PICTURES + 1 }, (_, count) => listParts(call, count))
    const offBy = (parts: readonly CostPart[]) => Math.abs(sumOf(parts) - call.costNanoUsd)
    const [nearest = []] = choices.sort((a, b) => offBy(a) - offBy(b))
    if (offBy(nearest) <= 1) return nearest
    const total = sumOf(nearest)
    if (total === 0) return undefined
    const scale = call.costNanoUsd / total
    return nearest.map((part) => ({ ...part, nanoUsd: part.nanoUsd * scale }))
  }

  return {
    nameOf: (model: string): string => entryOf(model)?.name ?? model.replace(/@\d+$/, ''),
    providerOf: (model: string): string | undefined => entryOf(model)?.provider,
    models: [...table.models, ...table.embeddings].flatMap(({ name, aliases = [] }) => [
      name,
      ...aliases,
    ]),
    shareOf,
    split,
  }
}

const sumOf = (parts: readonly CostPart[]): number =>
  parts.reduce((sum, { nanoUsd }) => sum + nanoUsd, 0)

const readUsage = (usageMetadata: unknown): GeminiAnswer['usageMetadata'] =>
  parseGeminiAnswer({ usageMetadata }).usageMetadata

type OpenaiUsage = {
  input_tokens?: number
  output_tokens?: number
  input_tokens_details?: { text_tokens?: number; cached_tokens?: number }
  output_tokens_details?: { text_tokens?: number }
}

const isOpenai = (usage: unknown): usage is OpenaiUsage =>
  typeof usage === 'object' && usage !== null && 'output_tokens' in usage

/** As its cost is found: what is not told apart is of the dearer kind. */
const listOpenai = (table: PriceTable, model: string, usage: OpenaiUsage): PricedTokens[] => {
  const usd = findEntry(table.models, model)?.prices.usdPerMillionTokens
  if (!usd) return []
  const count = (tokens: number | undefined) => (typeof tokens === 'number' ? tokens : 0)
  const input = count(usage.input_tokens)
  const output = count(usage.output_tokens)
  const cachedIn = Math.min(input, count(usage.input_tokens_details?.cached_tokens))
  const textIn = Math.min(input - cachedIn, count(usage.input_tokens_details?.text_tokens))
  const textOut = Math.min(output, count(usage.output_tokens_details?.text_tokens))
  const tokens = {
    textIn,
    imageIn: input - cachedIn - textIn,
    cachedIn,
    textOut,
    imageOut: output - textOut,
  }
  return Object.entries(tokens).map(([kind, own]) => ({
    kind: kind as keyof typeof tokens,
    tokens: own,
    usdPerMillion: usd[kind as keyof typeof tokens],
  }))
}
