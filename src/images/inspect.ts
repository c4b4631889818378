import { createHash } from 'node:crypto'
import type { Metadata, Sharp } from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'
import type { ImageMimeType } from '../contract/vocabulary.ts'
import { AppError } from '../errors.ts'
import type { InspectedImage, InspectImage } from '../generation/ports.ts'
import { isAnimatedPng, isLosslessWebp } from './chunks.ts'
import { loadSharp } from './load-sharp.ts'
import { findImageMimeType } from './mime-type.ts'

export type ImageLimits = {
  maxBytes: number
  /** Width times height. */
  maxPixels: number
}

/**
 * Decodes a png, jpeg or webp, turns it upright, converts it to 8-bit sRGB and encodes it anew in the same
 * format, so that nothing but its pixels is left. Pixels of a png and of a lossless webp are kept exactly.
 */
export const createInspectImage =
  (limits: ImageLimits): InspectImage =>
  async (bytes) => {
    const mimeType = parseMimeType(bytes, limits.maxBytes)
    const sharp = await loadSharp()
    const open = (pixels: number | false) =>
      sharp(bytes, { failOn: 'error', limitInputPixels: pixels })
    try {
      checkMetadata(await open(false).metadata(), limits.maxPixels)
      const pipeline = open(limits.maxPixels).autoOrient()
      const { data, info } = await encode(pipeline, mimeType, bytes).toBuffer({
        resolveWithObject: true,
      })
      return {
        bytes: data,
        mimeType,
        width: info.width,
        height: info.height,
        thumbhash: await createThumbhash(sharp(data)),
        digest: createHash('sha256').update(data).digest('hex'),
      } satisfies InspectedImage
    } catch (error) {
      if (error instanceof AppError) throw error
      throw refuse(`The image is damaged: it does not decode as ${mimeType}.`, error)
    }
  }

const refuse = (message: string, cause?: unknown) =>
  new AppError('invalid_image', message, { cause })

/** Decided by magic bytes before any decoder sees them: sharp alone would also read SVG, GIF, TIFF, AVIF and PDF. */
const parseMimeType = (bytes: Uint8Array, maxBytes: number): ImageMimeType => {
  if (bytes.length === 0) throw refuse('The image is empty.')
  if (bytes.length > maxBytes) {
    throw refuse(`The image has ${bytes.length} bytes; at most ${maxBytes} are taken.`)
  }
  const mimeType = findImageMimeType(bytes)
  if (!mimeType) throw refuse('The image must be a png, jpeg or webp.')
  if (mimeType === 'image/png' && isAnimatedPng(bytes)) throw refuse(ANIMATED)
  return mimeType
}

const ANIMATED = 'The image is animated; a still image is needed.'

const checkMetadata = ({ width, height, pages = 1 }: Metadata, maxPixels: number): void => {
  if (pages > 1) throw refuse(ANIMATED)
  if (width * height > maxPixels) {
    throw refuse(`The image has ${width} x ${height} pixels; at most ${maxPixels} are taken.`)
  }
}

const encode = (pipeline: Sharp, mimeType: ImageMimeType, original: Uint8Array): Sharp => {
  switch (mimeType) {
    case 'image/png':
      return pipeline.png({ compressionLevel: 6 })
    case 'image/jpeg':
      return pipeline.jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    case 'image/webp':
      return isLosslessWebp(original)
        ? pipeline.webp({ lossless: true, exact: true })
        : pipeline.webp({ quality: 95 })
  }
}

/** ThumbHash takes at most 100 x 100 pixels. */
const createThumbhash = async (image: Sharp): Promise<string> => {
  const { data, info } = await image
    .resize(100, 100, { fit: 'inside' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64')
}
