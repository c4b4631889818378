import { GoogleGenerativeAIFetchError } from '@google/generative-ai'
import { EmbeddingError } from '../../../lib/errors.ts'

/**
 * What went wrong, in words of our own, as Google's may repeat the prompt. `timedOutMs` is the time limit, where it passed; a
 * status that was answered counts all the same.
 */
export const toEmbeddingError = (
  error: unknown,
  model: string,
  timedOutMs: number | undefined,
): EmbeddingError => {
  if (error instanceof EmbeddingError) return error
  const status = error instanceof GoogleGenerativeAIFetchError ? error.status : undefined
  const isFree = status !== undefined
  const fail = (message: string) => new EmbeddingError(message, { cause: error, isFree })
  if (status === 404) return fail(`Gemini has no model ${model}, which EMBEDDING_MODEL names.`)
  if (status === 400) return fail(`Gemini refused the text, the key or the dimensions (400).`)
  if (status === 401 || status === 403) return fail(`Gemini refused the API key (${status}).`)
  if (status === 429) return fail(`Gemini's quota for ${model} is used up for now (429).`)
  if (status) return fail(`Gemini failed (${status}).`)
  if (timedOutMs !== undefined) return fail(`Gemini took longer than ${timedOutMs / 1_000} s.`)
  return fail('Gemini could not be reached, or its answer could not be read.')
}
