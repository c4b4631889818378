import type { ImageSize } from '../../contract/vocabulary.ts'
import { parseGeminiAnswer } from './gemini-answer.ts'
import { costGeminiAnswer, estimateGeminiCall, isGeminiPriceGuessed } from './gemini-prices.ts'

type UpstreamRequest = {
  method: 'GET' | 'POST'
  path: string
  query: string
  body?: string | undefined
}

/** Beyond this a count is nonsense, and no count. */
const MAX_CALL_USD = 1_000

/** The Gemini API for requests that are handed on as they came: with the server's key, and nothing else of the caller's. */
export const createGeminiUpstream = ({ apiKey, baseUrl }: { apiKey: string; baseUrl: string }) => {
  const base = baseUrl.replace(/\/+$/, '')

  const send = ({ method, path, query, body }: UpstreamRequest, signal: AbortSignal) =>
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
    usd: costGeminiAnswer(model, '1K', 0, {
      promptTokenCount: input,
      candidatesTokenCount: output,
    }),
    isGuess: isGeminiPriceGuessed(model),
  })

  const costOf = (model: string, size: ImageSize, usageMetadata: unknown): number | undefined => {
    const { usageMetadata: usage } = parseGeminiAnswer({ usageMetadata })
    const isCounted = typeof usage?.promptTokenCount === 'number'
    const usd = isCounted ? costGeminiAnswer(model, size, 0, usage) : undefined
    return usd !== undefined && usd <= MAX_CALL_USD ? usd : undefined
  }

  return { send, price, priceImage: estimateGeminiCall, costOf }
}
