import type { ImageSize } from '../../contract/vocabulary.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { parseGeminiAnswer } from './gemini-answer.ts'
import { createGeminiPrices } from './gemini-prices.ts'
import type { PriceTable } from './price-table.ts'

type UpstreamConfig = { apiKey: string; baseUrl: string; prices: PriceTable }

type UpstreamRequest = {
  method: 'GET' | 'POST'
  path: string
  query: string
  body?: string | undefined
  apiKey?: string | undefined
}

/** Beyond this a count is nonsense, and no count. */
const MAX_CALL_NANO_USD = 1_000_000_000_000

/** The Gemini API for requests that are handed on as they came: with the server's key, or one that the caller brings, and nothing else of theirs. */
export const createGeminiUpstream = ({
  apiKey: ownKey,
  baseUrl,
  prices: table,
}: UpstreamConfig) => {
  const prices = createGeminiPrices(table)
  const base = baseUrl.replace(/\/+$/, '')

  const send = (
    { method, path, query, body, apiKey = ownKey }: UpstreamRequest,
    signal: AbortSignal,
  ) =>
    fetch(`${base}${path}${query && `?${query}`}`, {
      method,
      headers: {
        'x-goog-api-key': apiKey,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
      // The key goes nowhere else.
      redirect: 'manual',
      signal,
    })

  const price = (model: string, { input, output }: { input: number; output: number }) => ({
    nanoUsd: prices.costAnswer(model, '1K', 0, {
      promptTokenCount: input,
      candidatesTokenCount: output,
    }),
    isGuess: prices.isGuessed(model),
  })

  const costOf = (model: string, size: ImageSize, usageMetadata: unknown): NanoUsd | undefined => {
    const { usageMetadata: usage } = parseGeminiAnswer({ usageMetadata })
    const isCounted = typeof usage?.promptTokenCount === 'number'
    const cost = isCounted ? prices.costAnswer(model, size, 0, usage) : undefined
    return cost !== undefined && cost <= MAX_CALL_NANO_USD ? cost : undefined
  }

  return { send, price, priceImage: prices.estimateCall, costOf }
}
