import { z } from 'zod'
import { hasNoNul, isVisible, normalizePrompt } from './identity.ts'
import { MAX_PROMPT_CHARACTERS, MAX_VARIANT_CHARACTERS } from './limits.ts'
import { labelSchema, textSchema } from './text.ts'
import {
  aspectRatioSchema,
  imageSizeSchema,
  laneSchema,
  similarityModeSchema,
  transformationSchema,
} from './vocabulary.ts'

/** White space does not count, but what is endless costs the model's time, and ours. */
const MAX_RAW_PROMPT_CHARACTERS = 4 * MAX_PROMPT_CHARACTERS

const promptTooLong = `must have at most ${MAX_PROMPT_CHARACTERS} characters`

/** Comes out as it was written; half of a character, as where a text was cut off, as U+FFFD. */
export const promptSchema = z
  .string()
  .max(MAX_RAW_PROMPT_CHARACTERS, { error: promptTooLong, abort: true })
  .refine(hasNoNul, { error: 'must not contain a NUL character', abort: true })
  .refine(isVisible, { error: 'must not be empty', abort: true })
  .refine((prompt) => normalizePrompt(prompt).length <= MAX_PROMPT_CHARACTERS, promptTooLong)
  .transform((prompt) => prompt.toWellFormed())

/** What `POST /api/visualize/generate` takes. */
export const generationRequestSchema = z
  .strictObject({
    prompt: promptSchema,
    /** Base64, a data URL, or the id of one of the owner's images. */
    conditionImage: textSchema.min(1, 'must not be empty').optional(),
    transformation: transformationSchema.default('generate'),
    /** True buys a new image even when one exists; later plain requests reuse the newest. */
    skipExistingCheck: z.boolean().default(false),
    aspectRatio: aspectRatioSchema.optional(),
    imageSize: imageSizeSchema.optional(),
    model: labelSchema(100).optional(),
    variant: labelSchema(MAX_VARIANT_CHARACTERS).optional(),
    lane: laneSchema.default('interactive'),
    /** What becomes of a similar image; the owner's or the server's choice where it is absent. */
    similarity: similarityModeSchema.optional(),
    /** True for an image of this very prompt, where another one's was answered before. */
    declineSimilar: z.boolean().optional(),
  })
  .refine((request) => request.transformation !== 'enhance' || request.conditionImage, {
    path: ['conditionImage'],
    message: "is required when transformation is 'enhance'",
  })

/** As a client writes it: only the prompt is required. */
export type GenerationRequestInput = z.input<typeof generationRequestSchema>
export type GenerationRequest = z.output<typeof generationRequestSchema>
