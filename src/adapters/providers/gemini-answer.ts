import { z } from 'zod'
import type { ProviderError } from '../../lib/errors.ts'
import { createProviderError, safeWord } from './provider-error.ts'

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

/**
 * The image in an answer with status 200. `costUsd` is what the answer costs without one, where it says so. Throws `ProviderError` when there is none: `refused_prompt`,
 * `refused_image` or `no_image`, each naming the provider's own reason.
 */
export const getGeminiImage = (answer: GeminiAnswer, costUsd: number | undefined): Uint8Array => {
  const candidate = answer.candidates?.[0]
  const blockReason = answer.promptFeedback?.blockReason
  const finishReason = candidate?.finishReason
  if (blockReason) throw refusedPrompt(blockReason, costUsd)
  if (finishReason && refusals.has(finishReason)) throw refusedImage(finishReason, costUsd)
  const parts = (candidate?.content?.parts ?? []).filter((part) => !part.thought)
  // A model that thinks may send drafts before; those that aren't marked as thoughts come earlier too.
  const data = parts.findLast((part) => part.inlineData?.data)?.inlineData?.data
  if (!data)
    throw noImage(
      finishReason,
      parts.some((part) => part.text),
      costUsd,
    )
  return Buffer.from(data, 'base64')
}

/** Reasons to withhold an image that was made or begun (ai.google.dev/api/generate-content, FinishReason). */
const refusals = new Set([
  'SAFETY',
  'IMAGE_SAFETY',
  'PROHIBITED_CONTENT',
  'IMAGE_PROHIBITED_CONTENT',
  'RECITATION',
  'IMAGE_RECITATION',
  'BLOCKLIST',
  'SPII',
])

const refusedPrompt = (reason: string, costUsd: number | undefined): ProviderError =>
  createProviderError(
    'refused_prompt',
    `The image model refused the prompt (${safeWord(reason)}). Change its wording and try again.`,
    { costUsd },
  )

const refusedImage = (reason: string, costUsd: number | undefined): ProviderError =>
  createProviderError(
    'refused_image',
    `The image model withheld its image (${safeWord(reason)}). Change the prompt and try again.`,
    { costUsd },
  )

const noImage = (
  reason: string | null | undefined,
  hasText: boolean,
  costUsd: number | undefined,
): ProviderError =>
  createProviderError(
    'no_image',
    `The image model answered ${hasText ? 'with text instead of an image' : 'without an image'} (${
      reason ? safeWord(reason) : 'no reason given'
    }).`,
    { costUsd },
  )
