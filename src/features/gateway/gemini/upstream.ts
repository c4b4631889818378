import type { ImageSize } from '../../../contract/vocabulary.ts'
import type { NanoUsd } from '../../../lib/money.ts'

/** A request that is handed on as it came. */
export type UpstreamRequest = {
  method: 'GET' | 'POST'
  /** As `/v1beta/models/x:generateContent`. */
  path: string
  query: string
  body?: string | undefined
  /** A key of the caller's own, in place of the server's. */
  apiKey?: string | undefined
}

/** The provider itself, with the server's key unless the caller brings one. */
export type Upstream = {
  /** Rejects where no answer began; throws the signal's reason once that is aborted. Redirects are answers. */
  send: (request: UpstreamRequest, signal: AbortSignal) => Promise<globalThis.Response>
  /** What tokens cost; `isGuess`: the model's price is not known, and the highest is taken. */
  price: (model: string, tokens: CountedTokens) => { nanoUsd: NanoUsd; isGuess: boolean }
  /** What the image of a size may cost. */
  priceImage: (model: string, size: ImageSize) => NanoUsd
  /** What an answer's `usageMetadata` cost; undefined for what is none. */
  costOf: (model: string, size: ImageSize, usage: unknown) => NanoUsd | undefined
}

export type CountedTokens = { input: number; output: number }
