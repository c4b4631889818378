import { z } from 'zod'
import { createProviderError } from './provider-error.ts'

const countSchema = z.number().nonnegative().nullish().catch(undefined)

/** What of an answer is read; the SDK's own types stop short of image models. */
const answerSchema = z.object({
  promptFeedback: z.object({ blockReason: z.string().nullish() }).nullish(),
  candidates: z
    .array(
      z.object({
        finishReason: z.string().nullish(),
        content: z
          .object({
            parts: z
              .array(
                z.object({
                  text: z.string().nullish(),
                  thought: z.boolean().nullish(),
                  inlineData: z.object({ data: z.string().nullish() }).nullish(),
                }),
              )
              .nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
  usageMetadata: z
    .object({
      promptTokenCount: countSchema,
      candidatesTokenCount: countSchema,
      thoughtsTokenCount: countSchema,
      candidatesTokensDetails: z
        .array(z.object({ modality: z.string().nullish(), tokenCount: countSchema }))
        .nullish()
        .catch(undefined),
    })
    .nullish()
    .catch(undefined),
})
export type GeminiAnswer = z.output<typeof answerSchema>

/** Throws `ProviderError` `ambiguous` for JSON that is no answer: it came with a 200, so it may be on the bill. */
export const parseGeminiAnswer = (json: unknown): GeminiAnswer => {
  const parsed = answerSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw createProviderError('ambiguous', 'The image model sent an answer that could not be read.')
}
