import { GoogleGenerativeAI } from '@google/generative-ai'
import type { Provider, ProviderRequest } from '../../generation/ports.ts'
import { startDeadline } from '../../lib/deadline.ts'
import { parseGeminiAnswer } from './gemini-answer.ts'
import { costGeminiImage, costGeminiTokens } from './gemini-cost.ts'
import { toGeminiError } from './gemini-error.ts'
import { getGeminiImage } from './gemini-outcome.ts'
import { toGeminiRequest } from './gemini-request.ts'
import { listGeminiModels } from './price-table.ts'
import { traceRequest } from './request-trace.ts'

type GeminiProviderConfig = {
  apiKey: string
  model: string
  baseUrl: string
  /** Bounds one whole call, from the connection to the last byte of the answer. */
  timeoutMs: number
}

/** Google's image models, by the Gemini API. */
export const createGeminiProvider = (config: GeminiProviderConfig): Provider => {
  const fetchAnswer = createFetchAnswer(config)
  return {
    name: 'gemini',
    defaultModel: config.model,
    models: listGeminiModels(config.model),
    call: async (request, signal) => {
      signal.throwIfAborted()
      const answer = parseGeminiAnswer(await fetchAnswer(request, signal))
      const bytes = getGeminiImage(answer, costGeminiTokens(request.model, answer.usageMetadata))
      const costUsd = costGeminiImage(request.model, request.imageSize, answer.usageMetadata)
      return { bytes, costUsd }
    },
  }
}

/** One request, with the total deadline that the SDK lacks: its own timer is never cleared. */
const createFetchAnswer = (config: GeminiProviderConfig) => {
  const client = new GoogleGenerativeAI(config.apiKey)
  const baseUrl = config.baseUrl.replace(/\/+$/, '')
  return async (request: ProviderRequest, signal: AbortSignal): Promise<unknown> => {
    const deadline = startDeadline(config.timeoutMs, signal)
    const call = traceRequest(async () => {
      const model = client.getGenerativeModel({ model: request.model }, { baseUrl })
      return model.generateContent(toGeminiRequest(request), { signal: deadline.signal })
    })
    try {
      return (await call.result).response
    } catch (error) {
      signal.throwIfAborted()
      throw toGeminiError(error, {
        model: request.model,
        timeoutMs: config.timeoutMs,
        timedOut: deadline.timedOut(),
        neverSent: call.neverSent(),
      })
    } finally {
      deadline.clear()
    }
  }
}
