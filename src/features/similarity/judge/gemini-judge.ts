import {
  type GenerateContentRequest,
  GoogleGenerativeAI,
  GoogleGenerativeAIFetchError,
} from '@google/generative-ai'
import { z } from 'zod'
import type { PriceTable } from '../../../adapters/providers/price-table.ts'
import { startDeadline } from '../../../lib/deadline.ts'
import { JudgeError } from '../../../lib/errors.ts'
import { withoutRedirects } from '../../../lib/without-redirects.ts'
import type { Judge } from '../ports.ts'
import { createJudgePrices } from './judge-cost.ts'
import { ANSWER_SCHEMA, composeQuestions, INSTRUCTION, readVerdict } from './questions.ts'

export type GeminiJudgeConfig = {
  apiKey: string
  baseUrl: string
  model: string
  prices: PriceTable
}

/** A person waits for the picture meanwhile. */
const TIMEOUT_MS = 2_500

/** Three verdicts are some 60 tokens; what a model thinks besides is cut off, and comes to no. */
export const MAX_OUTPUT_TOKENS = 512

const answerSchema = z.object({
  candidates: z
    .array(
      z.object({
        content: z
          .object({ parts: z.array(z.object({ text: z.string().optional() })).optional() })
          .optional(),
      }),
    )
    .optional(),
  usageMetadata: z
    .object({
      promptTokenCount: z.number().nonnegative().optional(),
      candidatesTokenCount: z.number().nonnegative().optional(),
      thoughtsTokenCount: z.number().nonnegative().optional(),
    })
    .optional()
    .catch(undefined),
  responseId: z.string().optional().catch(undefined),
})

/** A model of texts of Google's, by the Gemini API. Each call is one attempt. */
export const createGeminiJudge = (config: GeminiJudgeConfig): Judge => {
  const client = new GoogleGenerativeAI(config.apiKey)
  const prices = createJudgePrices(config.prices, config.model)
  const baseUrl = config.baseUrl.replace(/\/+$/, '')
  const model = client.getGenerativeModel({ model: config.model }, { baseUrl })
  return {
    model: config.model,
    estimateNanoUsd: (a, b) =>
      prices.estimate(toRequest(composeQuestions(a, b).all), MAX_OUTPUT_TOKENS),
    judge: async (a, b, signal) => {
      signal.throwIfAborted()
      const questions = composeQuestions(a, b)
      const request = toRequest(questions.all)
      const deadline = startDeadline(TIMEOUT_MS, signal)
      try {
        const { response } = await withoutRedirects(() =>
          model.generateContent(request, { signal: deadline.signal }),
        )
        const { data } = answerSchema.safeParse(response)
        const text = (data?.candidates?.[0]?.content?.parts ?? []).map((part) => part.text ?? '')
        const usage = data?.usageMetadata
        return {
          isSame: readVerdict(questions, text.join('')),
          costNanoUsd: usage ? prices.cost(usage) : prices.estimate(request, MAX_OUTPUT_TOKENS),
          usage,
          responseId: data?.responseId,
        }
      } catch (error) {
        signal.throwIfAborted()
        throw toJudgeError(error, config.model, deadline.timedOut())
      } finally {
        deadline.clear()
      }
    },
  }
}

/** The SDK's types know nothing of thinking; it sends it as it is. */
const toRequest = (pairs: readonly object[]) =>
  ({
    systemInstruction: { role: 'system', parts: [{ text: INSTRUCTION }] },
    contents: [{ role: 'user', parts: [{ text: JSON.stringify({ pairs }) }] }],
    generationConfig: {
      temperature: 0,
      maxOutputTokens: MAX_OUTPUT_TOKENS,
      responseMimeType: 'application/json',
      responseSchema: ANSWER_SCHEMA,
      thinkingConfig: { thinkingLevel: 'minimal' },
    },
  }) as unknown as GenerateContentRequest

/** What went wrong, in words of our own, as Google's may repeat the prompts. A status that was answered is not charged. */
const toJudgeError = (error: unknown, model: string, hasTimedOut: boolean): JudgeError => {
  const status = error instanceof GoogleGenerativeAIFetchError ? error.status : undefined
  const isFree = status !== undefined
  const fail = (message: string) => new JudgeError(message, { cause: error, isFree })
  if (status === 404)
    return fail(`Gemini has no model ${model}, which SIMILARITY_JUDGE_MODEL names.`)
  if (status !== undefined) return fail(`Gemini's ${model} failed (${status}).`)
  if (hasTimedOut) return fail(`Gemini's ${model} took longer than ${TIMEOUT_MS / 1_000} s.`)
  return fail(`Gemini's ${model} could not be reached, or its answer could not be read.`)
}
