import type { ModelInfo } from '../../../contract/server-info.ts'
import {
  type AspectRatio,
  DEFAULT_IMAGE_SIZE,
  type ImageSize,
  imageSizeSchema,
} from '../../../contract/vocabulary.ts'

export type Pixels = { width: number; height: number }

/** `auto`, a width and height such as `1536x1024`, or undefined where it is neither. */
export const parseSize = (text: string): Pixels | 'auto' | undefined => {
  if (/^auto$/i.test(text)) return 'auto'
  const [, width, height] = /^([1-9]\d{0,4})[x×]([1-9]\d{0,4})$/i.exec(text) ?? []
  return width && height ? { width: Number(width), height: Number(height) } : undefined
}

export type Shape = { aspectRatio?: AspectRatio | undefined; imageSize: ImageSize }

/**
 * What a model makes that is nearest to a size in pixels; without one the model chooses the ratio, and `quality` the size. (An explicit
 * size is not overruled by a quality: an app that lays out 1024 by 1024 would pay for four times the pixels and throw them away.)
 */
export const chooseShape = (
  model: ModelInfo,
  size: Pixels | 'auto' | undefined,
  quality: string | undefined,
): Shape => {
  if (size === undefined || size === 'auto') return { imageSize: sizeOfQuality(model, quality) }
  return {
    aspectRatio: nearestRatio(model.aspectRatios, size),
    imageSize: smallestFor(model, Math.max(size.width, size.height)),
  }
}

/** As OpenAI would word what was made. */
export const describeQuality = (imageSize: ImageSize): 'low' | 'medium' | 'high' | 'max' => {
  const side = sideOf(imageSize)
  if (side < 1_024) return 'low'
  if (side < 2_048) return 'medium'
  return side < 4_096 ? 'high' : 'max'
}

/** `standard` and `hd` are those of dall-e-3. What is not listed leaves it to the model. */
const SIDE_OF_QUALITY: Record<string, number> = { hd: 2_048, high: 2_048, xhigh: 4_096, max: 4_096 }

const sizeOfQuality = (model: ModelInfo, quality: string | undefined): ImageSize => {
  const side = SIDE_OF_QUALITY[quality?.toLowerCase() ?? '']
  if (side === undefined) return DEFAULT_IMAGE_SIZE
  return sizesOf(model).findLast((size) => sideOf(size) <= side) ?? DEFAULT_IMAGE_SIZE
}

/** By the logarithm, so that 2:1 is as far from 1:1 as 1:2 is. */
const nearestRatio = (
  ratios: readonly AspectRatio[],
  { width, height }: Pixels,
): AspectRatio | undefined => {
  const asked = Math.log(width / height)
  const distance = (ratio: AspectRatio) => {
    const [w = 1, h = 1] = ratio.split(':').map(Number)
    return Math.abs(Math.log(w / h) - asked)
  }
  return ratios.toSorted((a, b) => distance(a) - distance(b))[0]
}

/**
 * How much longer than its name the longer side of a picture may be asked for: 1K answers for up to 1792 by 1024, the largest of
 * dall-e-3, 2K for 1920 by 1080 and 2560 by 1440, 4K for 3840 by 2160.
 */
const REACH = 1.75

const smallestFor = (model: ModelInfo, longSide: number): ImageSize => {
  const sizes = sizesOf(model)
  return (
    sizes.find((size) => sideOf(size) * REACH >= longSide) ?? sizes.at(-1) ?? DEFAULT_IMAGE_SIZE
  )
}

/** The smallest first. */
const sizesOf = ({ priceUsd }: ModelInfo): ImageSize[] =>
  imageSizeSchema.options
    .filter((size) => priceUsd[size] !== undefined)
    .toSorted((a, b) => sideOf(a) - sideOf(b))

/** In pixels, of a square picture. */
const sideOf = (size: ImageSize): number =>
  size.endsWith('K') ? Number.parseInt(size, 10) * 1_024 : Number(size)
