import { z } from 'zod'
import type { ModelInfo } from '../../../contract/server-info.ts'
import type { AspectRatio, ImageSize } from '../../../contract/vocabulary.ts'

/** What `image_size` says: the shape as width by height, and how long the longer side is; undefined where it does not say. */
export type Measures = { ratio?: number; longerPx?: number }

const MESSAGE =
  'must be square, square_hd, portrait_4_3, portrait_16_9, landscape_4_3, landscape_16_9, auto, WIDTHxHEIGHT, or an object with width and height in pixels'

/** fal's `image_size`: a name, `1024x768`, or `{width, height}`. */
export const measuresSchema = z.unknown().transform((value, context): Measures => {
  const measures = parseMeasures(value)
  if (measures) return measures
  context.addIssue({ code: 'custom', message: MESSAGE })
  return z.NEVER
})

const pixelsSchema = z.object({ width: z.number().positive(), height: z.number().positive() })

const parseMeasures = (value: unknown): Measures | undefined => {
  if (typeof value !== 'string') return ofPixels(value)
  if (/^square(_hd)?$/.test(value)) return { ratio: 1 }
  const [, longer, shorter] = /^(?:portrait|landscape)_(\d{1,2})_(\d{1,2})$/.exec(value) ?? []
  if (Number(longer) > 0 && Number(shorter) > 0) {
    const ratio = Number(longer) / Number(shorter)
    return { ratio: value.startsWith('landscape') ? ratio : 1 / ratio }
  }
  const [, thousands] = /^auto(?:_([124])K)?$/.exec(value) ?? []
  if (value.startsWith('auto')) return thousands ? { longerPx: Number(thousands) * 1_024 } : {}
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(value) ?? []
  return ofPixels({ width: Number(width), height: Number(height) })
}

const ofPixels = (value: unknown): Measures | undefined => {
  const { data: pixels } = pixelsSchema.safeParse(value)
  if (!pixels) return undefined
  const { width, height } = pixels
  return { ratio: width / height, longerPx: Math.max(width, height) }
}

/** From how long a longer side on the next size is the nearer one. */
const SIZES: readonly [ImageSize, fromPx: number][] = [
  ['4K', 3_072],
  ['2K', 1_536],
]

/** The nearest ratio and size that a model makes; undefined is its own choice. */
export const nearestTo = (
  { ratio, longerPx = 0 }: Measures,
  { aspectRatios, priceUsd }: Pick<ModelInfo, 'aspectRatios' | 'priceUsd'>,
): { aspectRatio: AspectRatio | undefined; imageSize: ImageSize | undefined } => ({
  aspectRatio: ratio === undefined ? undefined : nearestRatio(ratio, aspectRatios),
  imageSize: SIZES.find(([size, fromPx]) => longerPx >= fromPx && size in priceUsd)?.[0],
})

const nearestRatio = (
  ratio: number,
  aspectRatios: readonly AspectRatio[],
): AspectRatio | undefined => {
  const distance = (text: AspectRatio) => Math.abs(Math.log(toNumber(text) / ratio))
  return [...aspectRatios].sort((a, b) => distance(a) - distance(b))[0]
}

const toNumber = (text: AspectRatio): number => {
  const [width, height] = text.split(':').map(Number)
  return (width ?? 1) / (height ?? 1)
}
