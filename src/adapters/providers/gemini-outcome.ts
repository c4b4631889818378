import type { ProviderError } from '../../lib/errors.ts'
import type { GeminiAnswer } from './gemini-answer.ts'
import { createProviderError, safeWord } from './provider-error.ts'

/**
 * The image in an answer with status 200. `costUsd` is what the answer costs without one. Throws `ProviderError` when there is none: `refused_prompt`,
 * `refused_image` or `no_image`, each naming the provider's own reason.
 */
export const getGeminiImage = (answer: GeminiAnswer, costUsd: number): Uint8Array => {
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

const refusedPrompt = (reason: string, costUsd: number): ProviderError =>
  createProviderError(
    'refused_prompt',
    `The image model refused the prompt (${safeWord(reason)}). Change its wording and try again.`,
    { costUsd },
  )

const refusedImage = (reason: string, costUsd: number): ProviderError =>
  createProviderError(
    'refused_image',
    `The image model withheld its image (${safeWord(reason)}). Change the prompt and try again.`,
    { costUsd },
  )

const noImage = (
  reason: string | null | undefined,
  hasText: boolean,
  costUsd: number,
): ProviderError =>
  createProviderError(
    'no_image',
    `The image model answered ${hasText ? 'with text instead of an image' : 'without an image'} (${
      reason ? safeWord(reason) : 'no reason given'
    }).`,
    { costUsd },
  )
