import { z } from 'zod'
import { imageMimeTypeSchema, imageTypeSchema } from './vocabulary.ts'

/** One of the owner's images, as listed and as answered to an upload. */
export const imageSchema = z.object({
  id: z.string(),
  imageType: imageTypeSchema,
  imageUrl: z.string(),
  /** The first 500 characters of the prompt, for generated images. */
  prompt: z.string().optional(),
  mimeType: imageMimeTypeSchema.optional(),
  sizeBytes: z.number().int().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  /** Base64 of a ThumbHash (evanw.github.io/thumbhash). */
  thumbhash: z.string().optional(),
  generatedAt: z.iso.datetime(),
})
export type Image = z.infer<typeof imageSchema>
