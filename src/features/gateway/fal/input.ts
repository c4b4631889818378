import { z } from 'zod'
import type { GenerationRequestInput } from '../../../contract/generation-request.ts'
import type { ModelInfo } from '../../../contract/server-info.ts'
import { textSchema } from '../../../contract/text.ts'
import {
  aspectRatioSchema,
  imageSizeSchema,
  type OutputFormat,
  outputFormatSchema,
} from '../../../contract/vocabulary.ts'
import { MAX_IMAGES } from './request-id.ts'
import { measuresSchema, nearestTo } from './sizes.ts'

/** The model that is asked takes fewer, and says so by its name. */
const MAX_IMAGE_URLS = 100

/** `auto` leaves it to the model, as not saying it does. */
const orAuto = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess((value) => (value === 'auto' ? undefined : value), schema.nullish())

const imageUrlSchema = textSchema.min(1, 'must not be empty')

/**
 * The input of fal's image models, as far as ours can do it. Whatever else is in it is ignored, as fal does it, but for a mask: without
 * it another picture would be made. Null is as good as absent. The words and the seed are looked at as those of our own requests.
 */
const inputSchema = z.object({
  prompt: z.string(),
  num_images: z.int().min(1).max(MAX_IMAGES).nullish(),
  seed: z.number().nullish(),
  negative_prompt: z.string().nullish(),
  aspect_ratio: orAuto(aspectRatioSchema),
  image_size: measuresSchema.nullish(),
  resolution: orAuto(imageSizeSchema),
  output_format: z.preprocess(
    (value) => (value === 'jpg' ? 'jpeg' : value),
    outputFormatSchema.nullish(),
  ),
  image_url: imageUrlSchema.nullish(),
  image_urls: z.array(imageUrlSchema).max(MAX_IMAGE_URLS).nullish(),
  mask_url: z.null('is of no use here: say in the prompt what is to change').optional(),
})

/** What an input asks for. */
export type FalInput = {
  wanted: Pick<
    GenerationRequestInput,
    'prompt' | 'seed' | 'negativePrompt' | 'aspectRatio' | 'imageSize'
  >
  /** How many pictures of it. */
  count: number
  outputFormat: OutputFormat | undefined
  /** As they were sent: data URLs, or addresses of pictures. */
  imageUrls: string[]
}

/**
 * Reads an input. Throws `ZodError`, whose paths are in fal's names. `model`: the one that is asked, whose nearest ratio and size stand
 * for pixels.
 */
export const parseInput = (
  body: unknown,
  model: Pick<ModelInfo, 'aspectRatios' | 'priceUsd'>,
): FalInput => {
  const input = inputSchema.parse(body, { error: explainMissing })
  const nearest = nearestTo(input.image_size ?? {}, model)
  const aspectRatio = input.aspect_ratio ?? nearest.aspectRatio
  const imageSize = input.resolution ?? nearest.imageSize
  const { prompt, seed, negative_prompt: negativePrompt } = input
  return {
    wanted: {
      prompt,
      ...(typeof seed === 'number' && { seed }),
      ...(negativePrompt && { negativePrompt }),
      ...(aspectRatio && { aspectRatio }),
      ...(imageSize && { imageSize }),
    },
    count: input.num_images ?? 1,
    outputFormat: input.output_format ?? undefined,
    imageUrls: [...(input.image_url ? [input.image_url] : []), ...(input.image_urls ?? [])],
  }
}

const explainMissing = ({ code, input }: { code?: string; input?: unknown }) =>
  code === 'invalid_type' && input === undefined ? 'is required' : undefined
