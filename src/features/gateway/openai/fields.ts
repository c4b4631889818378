import { z } from 'zod'
import { promptSchema } from '../../../contract/generation-request.ts'
import { MAX_PICTURES } from '../../../contract/limits.ts'
import { outputFormatSchema } from '../../../contract/vocabulary.ts'
import { parseSize } from './shape.ts'

const MAX_PARTIAL_IMAGES = 3

/** Absent where it is null or empty, as forms send what nobody filled in. */
const said = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === null || value === '' ? undefined : value), schema.optional())

/** Forms say it in words. */
const flagSchema = z.union([z.boolean(), z.stringbool()], 'must be true or false')

const countSchema = (name: string, min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`
  return z.coerce.number(message).int(message).min(min, message).max(max, message).meta({ name })
}

/**
 * What of `POST /images/generations` and `/images/edits` changes something here (OpenAI API reference, "Images"), as JSON or as the
 * texts of a form. All else is ignored, whatever its value: `background`, `moderation`, `style`, `user`, and what comes tomorrow.
 */
export const imagesFieldsSchema = z.object({
  prompt: promptSchema,
  model: said(z.string()),
  n: said(countSchema('n', 1, MAX_PICTURES)),
  size: said(
    z.string().transform((text, context) => {
      const size = parseSize(text)
      if (size === undefined) {
        context.addIssue('must be auto, or a width and height in pixels, as in 1536x1024')
        return z.NEVER
      }
      return size
    }),
  ),
  quality: said(z.string()),
  output_format: said(
    z.preprocess((value) => (value === 'jpg' ? 'jpeg' : value), outputFormatSchema),
  ),
  output_compression: said(countSchema('output_compression', 0, 100)),
  response_format: said(z.string()),
  stream: said(flagSchema),
  partial_images: said(countSchema('partial_images', 0, MAX_PARTIAL_IMAGES)),
})
export type ImagesFields = z.output<typeof imagesFieldsSchema>
