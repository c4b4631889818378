import { createHash } from 'node:crypto'
import type { Metadata, Sharp } from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'
import type { ImageMimeType } from '../../contract/vocabulary.ts'
import type { InspectImage } from '../../generation/ports.ts'
import { AppError } from '../../lib/errors.ts'
import { findImageMimeType, loadSharp } from '../../lib/images.ts'
import { limitConcurrency } from '../../lib/limit-concurrency.ts'

type ImageLimits = {
  maxBytes: number
  /** Width times height. */
  maxPixels: number
}

/** Of libuv's four threads, so that files and DNS never wait for pictures (a large one takes seconds). */
const MAX_AT_ONCE = 2

/**
 * Decodes a png, jpeg or webp, turns it upright, converts it to 8-bit sRGB and encodes it anew in the same
 * format, so that nothing but its pixels is left. Pixels of an sRGB png or lossless webp are kept exactly.
 */
export const createInspectImage = (limits: ImageLimits): InspectImage => {
  const inTurn = limitConcurrency(MAX_AT_ONCE)

  return async (bytes) => {
    const mimeType = parseMimeType(bytes, limits.maxBytes)
    const sharp = await loadSharp()
    const open = (limitInputPixels: number | false) =>
      sharp(bytes, { failOn: 'error', limitInputPixels })

    return inTurn(async () => {
      try {
        // Reads the header alone, so that the refusal can say the size.
        checkMetadata(await open(false).metadata(), limits.maxPixels)
        const upright = open(limits.maxPixels).autoOrient()
        const { data, info } = await encode(upright, mimeType, bytes).toBuffer({
          resolveWithObject: true,
        })
        const thumbhash = await createThumbhash(sharp(data))
        const digest = createHash('sha256').update(data).digest('hex')
        const { width, height } = info
        return { bytes: data, mimeType, width, height, thumbhash, digest }
      } catch (error) {
        if (error instanceof AppError) throw error
        throw refuse(`The image is damaged: it does not decode as ${mimeType}.`, error)
      }
    })
  }
}

const refuse = (message: string, cause?: unknown) =>
  new AppError('invalid_image', message, { cause })

/** By magic bytes, before any decoder is asked: sharp by itself also reads SVG, GIF, TIFF, AVIF and more. */
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

const encode = (pixels: Sharp, mimeType: ImageMimeType, original: Uint8Array): Sharp => {
  switch (mimeType) {
    case 'image/png':
      return pixels.png({ compressionLevel: 6 })
    case 'image/jpeg':
      return pixels.jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    case 'image/webp':
      // 4096 x 4096: 0.9 s lossy where the default effort takes 1.8 s for the same size, 5.5 s lossless (9.3 s).
      return isLosslessWebp(original)
        ? pixels.webp({ lossless: true, exact: true, effort: 0 })
        : pixels.webp({ quality: 95, effort: 2 })
  }
}

const MAX_THUMBHASH_SIDE = 100

const createThumbhash = async (image: Sharp): Promise<string> => {
  const { data, info } = await image
    .resize(MAX_THUMBHASH_SIDE, MAX_THUMBHASH_SIDE, { fit: 'inside' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64')
}

const PNG_SIGNATURE_BYTES = 8
const RIFF_HEADER_BYTES = 12

/** True for an APNG, which decoders without animation (libvips too) silently read as its first frame. */
const isAnimatedPng = (bytes: Uint8Array): boolean => {
  const png = toBuffer(bytes)
  let at = PNG_SIGNATURE_BYTES
  while (at + 8 <= png.length) {
    const name = png.toString('latin1', at + 4, at + 8)
    if (name === 'acTL') return true
    if (name === 'IDAT') return false
    at += 12 + png.readUInt32BE(at)
  }
  return false
}

/** libvips does not tell how a webp was compressed. */
const isLosslessWebp = (bytes: Uint8Array): boolean => {
  const webp = toBuffer(bytes)
  let at = RIFF_HEADER_BYTES
  while (at + 8 <= webp.length) {
    if (webp.toString('latin1', at, at + 4) === 'VP8L') return true
    const size = webp.readUInt32LE(at + 4)
    at += 8 + size + (size % 2)
  }
  return false
}

const toBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
