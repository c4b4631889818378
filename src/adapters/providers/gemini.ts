import { createHash } from 'node:crypto'
import { type GenerateContentRequest, GoogleGenerativeAI } from '@google/generative-ai'
import type { Provider, ProviderRequest, ProviderResult } from '../../generation/ports.ts'
import { startDeadline } from '../../lib/deadline.ts'
import { withPatientFetch } from '../../lib/patient-fetch.ts'
import { withoutRedirects } from '../../lib/without-redirects.ts'
import { explainNoImage, listGeminiImages, parseGeminiAnswer, readWords } from './gemini-answer.ts'
import { fromGeminiAnswer, toGeminiError } from './gemini-error.ts'
import { keepGeminiAnswer } from './gemini-kept-answer.ts'
import { createGeminiPrices } from './gemini-prices.ts'
import { readReceipt } from './gemini-receipt.ts'
import { toGeminiRequest } from './gemini-request.ts'
import { askForTier, readServedTier, TIER_HEADER } from './gemini-tier.ts'
import type { PriceTable } from './price-table.ts'
import { traceRequest } from './request-trace.ts'

export type GeminiProviderConfig = {
  apiKey: string
  model: string
  baseUrl: string
  /** Bounds one whole call, from the connection to the last byte of the answer. */
  timeoutMs: number
  /** The same of a call at the flex tier, which takes minutes. */
  flexTimeoutMs: number
  prices: PriceTable
}

/** Google's image models, by the Gemini API. */
export const createGeminiProvider = (config: GeminiProviderConfig): Provider => {
  const fetchAnswer = createFetchAnswer(config)
  const prices = createGeminiPrices(config.prices)
  const readAnswer = createReadAnswer(config.prices)
  return {
    name: 'gemini',
    account: createHash('sha256').update(config.apiKey).digest('hex').slice(0, 12),
    defaultModel: config.model,
    models: prices.listModels(config.model),
    tiers: ['standard', 'flex'],
    takesKeys: true,
    estimateNanoUsd: prices.estimateCall,
    call: async (request, signal) => {
      signal.throwIfAborted()
      const { json, tierHeader } = await fetchAnswer(request, signal)
      return readAnswer(json, request, tierHeader)
    },
  }
}

/** What an answer brings and costs, at the tier that served it. Throws `ProviderError` for one without an image. */
export const createReadAnswer = (table: PriceTable) => {
  const prices = createGeminiPrices(table)
  return (
    json: unknown,
    request: Pick<ProviderRequest, 'model' | 'imageSize' | 'prompt' | 'tier'>,
    tierHeader: string | null = null,
  ): ProviderResult => {
    const answer = parseGeminiAnswer(json)
    const { model, imageSize, prompt } = request
    const servedTier = readServedTier(tierHeader, answer)
    const tier = servedTier ?? request.tier
    const [bytes, ...others] = listGeminiImages(answer)
    const imageCount = bytes ? 1 + others.length : 0
    const paidNanoUsd = prices.costAnswer(model, imageSize, imageCount, answer.usageMetadata, tier)
    const receipt = readReceipt(json, answer, { priceVersion: table.version, tier: servedTier })
    if (bytes) {
      const said = readWords(answer)
      return {
        bytes,
        others,
        costNanoUsd: paidNanoUsd,
        receipt,
        said,
        answer: keepGeminiAnswer(json),
      }
    }
    // Without an image and without a count nobody has said what it costs.
    const costNanoUsd = answer.usageMetadata ? paidNanoUsd : undefined
    if (answer.error) throw fromGeminiAnswer(answer.error, { model, costNanoUsd, receipt })
    throw explainNoImage(answer, { costNanoUsd, receipt, prompt })
  }
}

/** One request, with the total deadline that the SDK lacks: its own timer is never cleared. */
const createFetchAnswer = (config: GeminiProviderConfig) => {
  const own = new GoogleGenerativeAI(config.apiKey)
  const baseUrl = config.baseUrl.replace(/\/+$/, '')
  return async (request: ProviderRequest, signal: AbortSignal) => {
    const { tier = 'standard' } = request
    // The SDK's types do not know all of it; it is sent as it is.
    const body = askForTier(toGeminiRequest(request), tier) as GenerateContentRequest
    const { apiKey } = request
    const client = apiKey === undefined ? own : new GoogleGenerativeAI(apiKey)
    const timeoutMs = tier === 'flex' ? config.flexTimeoutMs : config.timeoutMs
    const options = { baseUrl, ...(tier === 'flex' && { customHeaders: waitFor(timeoutMs) }) }
    const deadline = startDeadline(timeoutMs, signal)
    let tierHeader: string | null = null
    const onHeaders = (headers: Headers) => {
      tierHeader = headers.get(TIER_HEADER)
    }
    const call = traceRequest(async () => {
      const model = client.getGenerativeModel({ model: request.model }, options)
      const send = () => model.generateContent(body, { signal: deadline.signal })
      return withoutRedirects(() => withPatientFetch(send, onHeaders))
    })
    try {
      const { response } = await call.result
      return { json: response as unknown, tierHeader }
    } catch (error) {
      signal.throwIfAborted()
      const failure = toGeminiError(error, {
        model: request.model,
        timeoutMs,
        timedOut: deadline.timedOut(),
        neverSent: call.neverSent(),
      })
      // What the provider wrote may repeat the key, which is nobody's to read here.
      if (apiKey !== undefined) failure.cause = undefined
      throw failure
    } finally {
      deadline.clear()
    }
  }
}

/** How long the server may take its time, in seconds: a hint (ai.google.dev/gemini-api/docs/flex-inference). */
const waitFor = (timeoutMs: number) => ({
  'X-Server-Timeout': String(Math.ceil(timeoutMs / 1_000)),
})
