import { z } from 'zod'
import { promptSchema } from './generation-request.ts'
import {
  MAX_ITEM_DATA_BYTES,
  MAX_ITEM_TITLE_CHARACTERS,
  MAX_ITEM_URL_CHARACTERS,
  MAX_VARIANT_CHARACTERS,
} from './limits.ts'
import { labelSchema, textSchema } from './text.ts'
import {
  aspectRatioSchema,
  generationStatusSchema,
  imageSizeSchema,
  transformationSchema,
} from './vocabulary.ts'

/** An item's id as an app chooses it. */
export const isItemId = (text: string): boolean => /^[\w.:-]{1,200}$/.test(text)

export const itemIdSchema = z
  .string()
  .refine(isItemId, 'must be 1 to 200 letters, digits, ".", "_", ":" or "-"')

const dataSchema = z
  .record(z.string(), z.unknown())
  .refine((data) => measureJson(data) <= MAX_ITEM_DATA_BYTES, {
    error: `must have at most ${MAX_ITEM_DATA_BYTES} bytes as JSON`,
    abort: true,
  })
  .refine(isWellFormedThroughout, 'must contain no NUL and no half characters, in no key or text')

/** In bytes; no number for what is nested more deeply than can be written. */
const measureJson = (data: object): number => {
  try {
    return new TextEncoder().encode(JSON.stringify(data)).length
  } catch {
    return Number.NaN
  }
}

/** Of what was measured before, so it is neither large nor deep. */
function isWellFormedThroughout(value: unknown): boolean {
  if (typeof value === 'string') return textSchema.safeParse(value).success
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every((entry) => entry.every(isWellFormedThroughout))
}

/** What `PATCH /api/saved-items/:id` takes: null takes the field away. */
export const savedItemInputSchema = z.strictObject({
  title: labelSchema(MAX_ITEM_TITLE_CHARACTERS).nullish(),
  prompt: promptSchema.nullish(),
  /** One that is no http(s) URL counts as none, where there is a prompt to make an image of. */
  imageUrl: textSchema.nullish(),
  /** Base64, a data URL, or the id of one of the owner's images. */
  conditionImage: textSchema.min(1, 'must not be empty').nullish(),
  transformation: transformationSchema.nullish(),
  aspectRatio: aspectRatioSchema.nullish(),
  imageSize: imageSizeSchema.nullish(),
  model: labelSchema(100).nullish(),
  variant: labelSchema(MAX_VARIANT_CHARACTERS).nullish(),
  /** The app's own. */
  data: dataSchema.nullish(),
})
export type SavedItemInput = z.output<typeof savedItemInputSchema>
/** As a client writes it. */
export type SavedItemChanges = z.input<typeof savedItemInputSchema>

/** What `POST /api/saved-items` takes; null is as absent. */
export const newSavedItemSchema = savedItemInputSchema.extend({
  /** Saving again under the same id saves nothing again. */
  id: itemIdSchema.nullish(),
})
export type SavedItemCreation = z.output<typeof newSavedItemSchema>
/** As a client writes it. */
export type NewSavedItemInput = z.input<typeof newSavedItemSchema>

/** The URL as it is kept, or undefined for what is none. */
export const parseImageUrl = (text: string): string | undefined => {
  const isUrl = z
    .url({ protocol: /^https?$/ })
    .max(MAX_ITEM_URL_CHARACTERS)
    .safeParse(text).success
  return isUrl ? new URL(text).href : undefined
}

/** A saved item as answered everywhere. */
export const savedItemSchema = z.object({
  id: z.string(),
  title: z.string().optional(),
  prompt: z.string().optional(),
  /** What to show; absent only when there is neither an image nor a prompt to make one of. */
  imageUrl: z.string().optional(),
  /** True when `imageUrl` shows the placeholder: the image is not there yet, or could not be made. */
  isPlaceholder: z.boolean(),
  generationId: z.string().optional(),
  /** Where that generation is. */
  status: generationStatusSchema.optional(),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).optional(),
  /** The id of one of the owner's images. */
  conditionImage: z.string().optional(),
  transformation: transformationSchema.optional(),
  aspectRatio: aspectRatioSchema.optional(),
  imageSize: imageSizeSchema.optional(),
  model: z.string().optional(),
  variant: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
})
export type SavedItem = z.infer<typeof savedItemSchema>
