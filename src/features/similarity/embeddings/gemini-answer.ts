import { z } from 'zod'
import { EmbeddingError } from '../../../lib/errors.ts'

const embeddingSchema = z.object({ values: z.array(z.number()) })

/** To one text and to several. Not every model counts the tokens. */
const answerSchema = z.object({
  embedding: embeddingSchema.optional(),
  embeddings: z.array(embeddingSchema).optional(),
  usageMetadata: z
    .object({ promptTokenCount: z.number().nonnegative().optional() })
    .optional()
    .catch(undefined),
})

/** The vectors of an answer, of length 1, and the tokens where it counts them. Throws `EmbeddingError`. */
export const parseGeminiVectors = (
  answer: unknown,
  count: number,
  dimensions: number,
): { vectors: Float32Array[]; tokens: number | undefined } => {
  const { data } = answerSchema.safeParse(answer)
  const embeddings = data?.embeddings ?? (data?.embedding ? [data.embedding] : [])
  if (embeddings.length !== count) {
    throw new EmbeddingError(`Gemini answered ${embeddings.length} vectors for ${count} texts.`)
  }
  return {
    vectors: embeddings.map(({ values }) => normalise(values, dimensions)),
    tokens: data?.usageMetadata?.promptTokenCount,
  }
}

/** Google gives vectors that are shorter than the model's own without bringing them to length 1. */
const normalise = (values: number[], dimensions: number): Float32Array => {
  if (values.length !== dimensions) {
    throw new EmbeddingError(
      `Gemini answered ${values.length} dimensions, and EMBEDDING_DIMENSIONS is ${dimensions}.`,
    )
  }
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  if (length === 0) throw new EmbeddingError('Gemini answered a vector of zeros.')
  return Float32Array.from(values, (value) => value / length)
}
