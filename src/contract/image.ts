import { z } from 'zod'
import { listQueryShape } from './generation-filter.ts'
import { isImageId } from './identity.ts'
import { MAX_VARIANT_CHARACTERS } from './limits.ts'
import { labelSchema } from './text.ts'
import { imageMimeTypeSchema, imageTypeSchema, transformationSchema } from './vocabulary.ts'

/** One of the owner's images, as listed and as answered to an upload. */
export const imageSchema = z.object({
  id: z.string(),
  imageType: imageTypeSchema,
  /** In answers to operators only. */
  ownerId: z.string().optional(),
  imageUrl: z.string(),
  /** What the calls for it cost; of generated images. */
  costUsd: z.number().optional(),
  /**
   * What identifies it as a condition image: SHA-256 (hex) of its bytes as they were sent, or of those of the first image of
   * the owner that shows the same. Absent for placeholders.
   */
  digest: z.string().optional(),
  /** The first 500 characters of the prompt, for generated images. */
  prompt: z.string().optional(),
  /** Of generated images and their placeholders. */
  transformation: transformationSchema.optional(),
  variant: z.string().optional(),
  /** The `digest` of the image that it is conditioned on. */
  conditionImage: z.string().optional(),
  mimeType: imageMimeTypeSchema.optional(),
  sizeBytes: z.number().int().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  /** Base64 of a ThumbHash (evanw.github.io/thumbhash). */
  thumbhash: z.string().optional(),
  generatedAt: z.iso.datetime(),
})
export type Image = z.infer<typeof imageSchema>

const MAX_URL_SECONDS = 30 * 86_400

/** What `POST /api/images/:id/url` takes. */
export const imageUrlInputSchema = z.strictObject({
  expiresInSeconds: z.number().int().min(1).max(MAX_URL_SECONDS),
})

/** The URL of an image that shows it until then, and is a 404 afterwards. */
export const endingImageUrlSchema = z.object({
  imageUrl: z.string(),
  expiresAt: z.iso.datetime(),
})
export type EndingImageUrl = z.infer<typeof endingImageUrlSchema>

const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)

/** The query of `GET /api/images`, besides `limit` and `cursor`. */
export const imageQuerySchema = z.object({
  ...listQueryShape,
  type: imageTypeSchema.optional(),
  /** The digest of a condition image or of a copy of it, or the id of one of the owner's images. */
  conditionImage: z
    .string()
    .refine((text) => isDigest(text) || isImageId(text), 'must be the digest or id of an image')
    .optional(),
  transformation: transformationSchema.optional(),
  variant: labelSchema(MAX_VARIANT_CHARACTERS).optional(),
})
