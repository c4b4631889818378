import { z } from 'zod'
import { hasEndlessMarks, hasNoNul, isVisible, normalizePrompt } from './identity.ts'
import {
  MAX_CONDITION_IMAGES,
  MAX_PICTURES,
  MAX_PROMPT_CHARACTERS,
  MAX_SEED,
  MAX_TURNS,
  MAX_VARIANT_CHARACTERS,
} from './limits.ts'
import { labelSchema, textSchema } from './text.ts'
import {
  aspectRatioSchema,
  type ForcedBy,
  harmCategorySchema,
  harmThresholdSchema,
  imageSizeSchema,
  laneSchema,
  outputFormatSchema,
  similarityModeSchema,
  thinkingLevelSchema,
  transformationSchema,
  turnRoleSchema,
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
  .refine((prompt) => !hasEndlessMarks(prompt), {
    error: 'must not have more than 100 combining marks in a row',
    abort: true,
  })
  .refine((prompt) => normalizePrompt(prompt).length <= MAX_PROMPT_CHARACTERS, promptTooLong)
  .transform((prompt) => prompt.toWellFormed())

/** Base64, a data URL, or the id of one of the owner's images. */
const imageSchema = textSchema.min(1, 'must not be empty')

const safetySettingsSchema = z
  .array(z.strictObject({ category: harmCategorySchema, threshold: harmThresholdSchema }))
  .max(harmCategorySchema.options.length)
  .refine(
    (settings) => new Set(settings.map(({ category }) => category)).size === settings.length,
    'must name each category once',
  )
  .transform((settings) => settings.sort((a, b) => (a.category < b.category ? -1 : 1)))

/** A part of the conversation that the prompt goes on with. */
const turnSchema = z
  .strictObject({
    role: turnRoleSchema,
    text: promptSchema.optional(),
    images: z.array(imageSchema).min(1).max(MAX_CONDITION_IMAGES).optional(),
  })
  .refine(({ text, images }) => text !== undefined || images, 'must have a text or images')

/** What `POST /api/visualize/generate` takes. */
export const generationRequestSchema = z
  .strictObject({
    prompt: promptSchema,
    /** Base64, a data URL, or the id of one of the owner's images. */
    conditionImage: imageSchema.optional(),
    /** Several, in order; one alone is the same as `conditionImage`. */
    conditionImages: z.array(imageSchema).min(1).max(MAX_CONDITION_IMAGES).optional(),
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
    /** What the picture is to be without. */
    negativePrompt: promptSchema.optional(),
    seed: z.int().min(0).max(MAX_SEED).optional(),
    thinkingLevel: thinkingLevelSchema.optional(),
    safetySettings: safetySettingsSchema.optional(),
    /** The conversation before the prompt, from its beginning. */
    turns: z.array(turnSchema).min(1).max(MAX_TURNS).optional(),
    /** How the picture is handed over: as it was made where it is absent. It is paid for once, whatever the format. */
    outputFormat: outputFormatSchema.optional(),
    /** How many pictures of the same words: each is a generation of its own, the first one that of a request without it. */
    n: z.int().min(1).max(MAX_PICTURES).optional(),
  })
  .refine((request) => !(request.conditionImage && request.conditionImages), {
    path: ['conditionImages'],
    message: 'must not come together with conditionImage',
  })
  .refine(
    ({ transformation, conditionImage, conditionImages }) =>
      transformation !== 'enhance' || conditionImage || conditionImages,
    { path: ['conditionImage'], message: "is required when transformation is 'enhance'" },
  )

/** As a client writes it: only the prompt is required. */
export type GenerationRequestInput = z.input<typeof generationRequestSchema>

/** A request as it is submitted, with what only the server's own code says. */
export type GenerationRequest = z.output<typeof generationRequestSchema> & {
  /** Which of several pictures of the same words, from 2: the first one has none. */
  number?: number | undefined
  /** What the provider is sent instead of a request of ours. */
  providerRequest?: ProviderRequestInput | undefined
  /** Who wants another image than the one there is, where this does. */
  forcedBy?: ForcedBy | undefined
}

/** `body` has `{"$image": k}` where the k-th of `images` is to stand, as base64; those are as `conditionImage` is. */
export type ProviderRequestInput = { body: unknown; images: string[] }

/** The condition images in order, whichever way they are said. */
export const conditionImagesOf = ({
  conditionImage,
  conditionImages,
}: Pick<GenerationRequest, 'conditionImage' | 'conditionImages'>): string[] =>
  conditionImages ?? (conditionImage ? [conditionImage] : [])
