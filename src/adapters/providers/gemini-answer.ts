import { z } from 'zod'
import type { CallReceipt } from '../../lib/call-receipt.ts'
import type { ProviderError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { createProviderError, safeWord } from './provider-error.ts'

const countSchema = z.number().nonnegative().nullish().catch(undefined)

/** Tokens by what they are of: `TEXT`, `IMAGE`. */
const detailsSchema = z
  .array(z.object({ modality: z.string().nullish(), tokenCount: countSchema }))
  .nullish()
  .catch(undefined)

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
      /** A part of the prompt's. */
      cachedContentTokenCount: countSchema,
      toolUsePromptTokenCount: countSchema,
      candidatesTokenCount: countSchema,
      thoughtsTokenCount: countSchema,
      promptTokensDetails: detailsSchema,
      candidatesTokensDetails: detailsSchema,
      serviceTier: z.string().nullish().catch(undefined),
      trafficType: z.string().nullish().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  /** A gateway in front may answer 200 with what went wrong. */
  error: z
    .object({
      code: z.union([z.number(), z.string()]).nullish(),
      status: z.string().nullish(),
      message: z.string().nullish(),
      details: z.array(z.unknown()).nullish(),
    })
    .nullish()
    .catch({}),
})
export type GeminiAnswer = z.output<typeof answerSchema>
type Candidate = NonNullable<GeminiAnswer['candidates']>[number]

/** Throws `ProviderError` `ambiguous` for JSON that is no answer: it came with a 200, so it may be on the bill. */
export const parseGeminiAnswer = (json: unknown): GeminiAnswer => {
  const parsed = answerSchema.safeParse(json)
  if (parsed.success) return parsed.data
  throw createProviderError('ambiguous', 'The image model sent an answer that could not be read.')
}

/**
 * The images of an answer, in its order, drafts left out: each is on the bill. None of a candidate that was withheld, and
 * none of a prompt that was refused.
 */
export const listGeminiImages = ({ candidates, promptFeedback }: GeminiAnswer): Uint8Array[] =>
  promptFeedback?.blockReason
    ? []
    : (candidates ?? [])
        .filter((candidate) => !isWithheld(candidate))
        .flatMap(listParts)
        .map(({ inlineData }) => Buffer.from(inlineData?.data ?? '', 'base64'))
        .filter(({ length }) => length > 0)

/** True of a candidate whose images are not to be used. */
export const isWithheld = ({ finishReason }: Pick<Candidate, 'finishReason'>): boolean =>
  typeof finishReason === 'string' && refusals.has(finishReason)

/** What the model says beside its images, thoughts left out; undefined where it says nothing. */
export const readWords = ({ candidates }: GeminiAnswer): string | undefined => {
  const texts = (candidates ?? [])
    .filter((candidate) => !isWithheld(candidate))
    .flatMap(listParts)
    .flatMap(({ text }) => text ?? [])
  const words = texts.join('').replaceAll('\u0000', '\ufffd').toWellFormed().trim()
  return words === '' ? undefined : words
}

/** Drafts come as thoughts. */
const listParts = ({ content }: Candidate) =>
  (content?.parts ?? []).filter(({ thought }) => !thought)

/** What a call without an image cost all the same, and what was said of it. */
type Paid = { costNanoUsd: NanoUsd | undefined; receipt?: CallReceipt | undefined }

/**
 * Why an answer with status 200 has no image: `refused_prompt`, `refused_image` or `no_image`, each naming the provider's own
 * reason, the last with the model's words. `costNanoUsd` is what the answer costs all the same, where it says so.
 */
export const explainNoImage = (
  { candidates, promptFeedback }: GeminiAnswer,
  { prompt, ...paid }: Paid & { prompt: string },
): ProviderError => {
  const blockReason = promptFeedback?.blockReason
  if (blockReason) return refusedPrompt(blockReason, paid)
  const reasons = (candidates ?? []).flatMap(({ finishReason }) => finishReason ?? [])
  const refusal = reasons.find((reason) => refusals.has(reason))
  if (refusal) return refusedImage(refusal, paid)
  const texts = (candidates ?? []).flatMap(listParts).flatMap(({ text }) => text ?? [])
  return noImage(reasons[0], quote(texts.join(' '), prompt), paid)
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

const refusedPrompt = (reason: string, paid: Paid): ProviderError =>
  createProviderError(
    'refused_prompt',
    `The image model refused the prompt (${safeWord(reason)}). Change its wording and try again.`,
    paid,
  )

const refusedImage = (reason: string, paid: Paid): ProviderError =>
  createProviderError(
    'refused_image',
    `The image model withheld its image (${safeWord(reason)}). Change the prompt and try again.`,
    paid,
  )

const noImage = (reason: string | undefined, words: string, paid: Paid): ProviderError =>
  createProviderError(
    'no_image',
    `The image model answered ${words ? 'with text instead of an image' : 'without an image'} (${
      reason ? safeWord(reason) : 'no reason given'
    })${words ? `: “${words}”` : '.'}`,
    paid,
  )

const MAX_QUOTED_CHARACTERS = 300
/** A shorter prompt is part of other words. */
const MIN_HIDDEN_CHARACTERS = 8

/** The model's words on one line, without the prompt, which messages never repeat. */
const quote = (text: string, prompt: string): string => {
  const isHidden = prompt.length >= MIN_HIDDEN_CHARACTERS
  const words = isHidden ? text.replaceAll(prompt, '…') : text
  const line = words
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  const characters = Array.from(line)
  if (characters.length <= MAX_QUOTED_CHARACTERS) return line
  return `${characters.slice(0, MAX_QUOTED_CHARACTERS).join('')}…`
}
