import {
  type EmbedContentRequest,
  type GenerativeModel,
  GoogleGenerativeAI,
  TaskType,
} from '@google/generative-ai'
import type { PriceTable } from '../../../adapters/providers/price-table.ts'
import { startDeadline } from '../../../lib/deadline.ts'
import { withoutRedirects } from '../../../lib/without-redirects.ts'
import type { Embedder } from '../ports.ts'
import { parseGeminiVectors } from './gemini-answer.ts'
import { createGeminiTextPrices } from './gemini-cost.ts'
import { toEmbeddingError } from './gemini-error.ts'

export type GeminiEmbedderConfig = {
  apiKey: string
  baseUrl: string
  model: string
  dimensions: number
  prices: PriceTable
}

/** A request waits for the embedding of one text; several are embedded in the background. */
const TIMEOUT_MS = 2_000
const BATCH_TIMEOUT_MS = 20_000

/** Google's models of texts, by the Gemini API. Each call is one attempt. */
export const createGeminiEmbedder = (config: GeminiEmbedderConfig): Embedder => {
  const client = new GoogleGenerativeAI(config.apiKey)
  const prices = createGeminiTextPrices(config.prices, config.model)
  const baseUrl = config.baseUrl.replace(/\/+$/, '')
  const model = client.getGenerativeModel({ model: config.model }, { baseUrl })
  return {
    source: 'gemini',
    model: `${config.model}@${config.dimensions}`,
    dimensions: config.dimensions,
    estimateNanoUsd: prices.estimate,
    embed: async (texts, signal) => {
      signal.throwIfAborted()
      const timeoutMs = texts.length === 1 ? TIMEOUT_MS : BATCH_TIMEOUT_MS
      const deadline = startDeadline(timeoutMs, signal)
      try {
        const answer = await withoutRedirects(() =>
          fetchAnswer(model, texts, config.dimensions, deadline.signal),
        )
        const { vectors, tokens } = parseGeminiVectors(answer, texts.length, config.dimensions)
        return {
          vectors,
          costNanoUsd: prices.cost(texts, tokens),
          isEstimate: tokens === undefined,
        }
      } catch (error) {
        signal.throwIfAborted()
        throw toEmbeddingError(error, config.model, deadline.timedOut() ? timeoutMs : undefined)
      } finally {
        deadline.clear()
      }
    },
  }
}

const fetchAnswer = (
  model: GenerativeModel,
  texts: readonly string[],
  dimensions: number,
  signal: AbortSignal,
): Promise<unknown> => {
  const requests = texts.map((text) => toRequest(text, dimensions))
  const [first] = requests
  return first && requests.length === 1
    ? model.embedContent(first, { signal })
    : model.batchEmbedContents({ requests }, { signal })
}

/** The SDK's types know nothing of the dimensions; it sends them as they are. */
const toRequest = (text: string, dimensions: number) =>
  ({
    content: { role: 'user', parts: [{ text }] },
    taskType: TaskType.SEMANTIC_SIMILARITY,
    outputDimensionality: dimensions,
  }) as EmbedContentRequest
