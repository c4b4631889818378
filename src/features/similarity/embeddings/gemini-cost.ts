import { costOfTokens } from '../../../adapters/providers/cost-of-tokens.ts'
import { findEntry, type PriceTable } from '../../../adapters/providers/price-table.ts'
import type { NanoUsd } from '../../../lib/money.ts'

/** Google's rule of thumb for English (ai.google.dev/gemini-api/docs/tokens). */
const CHARACTERS_PER_TOKEN = 4

/** What Google's models of texts cost. One that the table doesn't know is taken to cost as much as the dearest. */
export const createGeminiTextPrices = ({ embeddings }: PriceTable, model: string) => {
  const known = embeddings.filter(({ provider }) => provider === 'gemini')
  const priceOf = ({ prices }: (typeof known)[number]) => prices.usdPerMillionTokens.textIn
  const entry = findEntry(known, model)
  const usdPerMillionTokens = entry ? priceOf(entry) : Math.max(0, ...known.map(priceOf))

  /** An estimate by their characters where the answer counted no tokens. */
  const cost = (texts: readonly string[], tokens: number | undefined): NanoUsd => {
    const count = tokens ?? Math.ceil(countCharacters(texts) / CHARACTERS_PER_TOKEN)
    return costOfTokens([[count, usdPerMillionTokens]])
  }
  /** What they may cost at most: no token is shorter than a character. */
  const estimate = (texts: readonly string[]): NanoUsd => cost(texts, countCharacters(texts))
  return { cost, estimate }
}

const countCharacters = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + text.length, 0)
