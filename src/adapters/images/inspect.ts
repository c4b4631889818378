import type { Metadata, Sharp } from 'sharp'
import { rgbaToThumbHash } from 'thumbhash'
import { digestHex } from '../../contract/identity.ts'
import type { ImageMimeType } from '../../contract/vocabulary.ts'
import type { InspectedImage, InspectImage } from '../../generation/ports.ts'
import { AppError } from '../../lib/errors.ts'
import {
  type DecodeLimits,
  findImageMimeType,
  isLarge,
  loadSharp,
  type OpenImage,
  refuseImage,
  withImage,
} from '../../lib/images.ts'
import { limitConcurrency, type WaitLimits } from '../../lib/limit-concurrency.ts'
import { copyPicture } from './copy-picture.ts'
import { findSignature } from './signatures.ts'

type InspectOptions = DecodeLimits & {
  maxBytes: number
  /** True takes whatever the decoder reads, of several frames the first: what is paid for is not thrown away. */
  takesAll?: boolean
  /** True leaves the pixels of a png or jpeg as they are encoded, where every browser shows those alike (ADR 62). */
  keepsEncoding?: boolean
  /** Absent: however long it takes. */
  waiting?: WaitLimits
}

/** Of libuv's four threads, so that files and DNS never wait for pictures (a large one takes seconds). */
const MAX_AT_ONCE = 2

/**
 * Decodes a png, jpeg or webp, turns it upright, converts it to 8-bit sRGB and encodes it anew in the same
 * format, so that nothing but its pixels is left. Pixels of an sRGB png or lossless webp are kept exactly. With `keepsEncoding`
 * a png or jpeg is decoded all the same, and then copied without what it does not need to be shown. Owners take turns.
 */
export const createInspectImage = (options: InspectOptions): InspectImage => {
  const inTurn = limitConcurrency(MAX_AT_ONCE, options.waiting)

  return async (bytes, ownerId = '') => {
    checkBytes(bytes, options)
    const inspect = () => withImage(bytes, options, (opened) => clean(opened, bytes, options))
    try {
      return await inTurn(inspect, ownerId)
    } catch (error) {
      throw options.takesAll && error instanceof AppError ? sayWhatCame(error, bytes) : error
    }
  }
}

/** Whoever looks at what was paid for should know what it is. */
const sayWhatCame = (error: AppError, bytes: Uint8Array): AppError =>
  refuseImage(`${error.message} It begins as ${findSignature(bytes).name}.`, error)

const clean = async (opened: OpenImage, bytes: Uint8Array, options: InspectOptions) => {
  const { metadata } = opened
  if (!options.takesAll && (metadata.pages ?? 1) > 1) throw refuseImage(ANIMATED)
  const kept = options.keepsEncoding && (await keepEncoding(metadata, bytes, options))
  return kept || encodeAnew(opened, bytes)
}

/** Undefined for one that has to be encoded anew, or does not decode: that says what is wrong with it. */
const keepEncoding = async (
  metadata: Metadata,
  bytes: Uint8Array,
  limits: DecodeLimits,
): Promise<InspectedImage | undefined> => {
  const mimeType = findImageMimeType(bytes)
  const isUpright = (metadata.orientation ?? 1) === 1
  const copy = isUpright ? copyPicture(bytes) : undefined
  if (!mimeType || !copy) return undefined
  // What is served is what is decoded. A smaller picture of it is made of all its rows.
  const describe = async ({ image, metadata: { width, height } }: OpenImage) => ({
    thumbhash: await createThumbhash(image),
    width,
    height,
  })
  const seen = await withImage(copy, { ...limits, isInTurn: true }, describe).catch(() => undefined)
  return seen && { bytes: copy, mimeType, ...seen, digest: await digestHex(copy) }
}

const encodeAnew = async (
  { image, metadata }: OpenImage,
  bytes: Uint8Array,
): Promise<InspectedImage> => {
  const mimeType = chooseMimeType(metadata, bytes)
  const { data, info } = await encode(image, mimeType, { metadata, bytes }).toBuffer({
    resolveWithObject: true,
  })
  const sharp = await loadSharp()
  const thumbhash = await createThumbhash(sharp(data))
  const { width, height } = info
  return { bytes: data, mimeType, width, height, thumbhash, digest: await digestHex(data) }
}

/** By magic bytes, before any decoder is asked: sharp by itself also reads SVG, GIF, TIFF, AVIF and more. */
const checkBytes = (bytes: Uint8Array, { maxBytes, takesAll }: InspectOptions): void => {
  if (bytes.length === 0) throw refuseImage('The image is empty.')
  if (bytes.length > maxBytes) {
    throw refuseImage(`The image has ${bytes.length} bytes; at most ${maxBytes} are taken.`)
  }
  const mimeType = findImageMimeType(bytes)
  if (takesAll) {
    if (!mimeType) checkReadable(bytes)
    return
  }
  if (!mimeType) throw refuseImage('The image must be a png, jpeg or webp.')
  if (mimeType === 'image/png' && isAnimatedPng(bytes)) throw refuseImage(ANIMATED)
}

const checkReadable = (bytes: Uint8Array): void => {
  const { name, isReadable } = findSignature(bytes)
  if (!isReadable) throw refuseImage(`It is ${name}, which is not read here.`)
}

const ANIMATED = 'The image is animated; a still image is needed.'

/**
 * What can be served: an avif, which is lossy as a rule, becomes a webp, and a gif or tiff a png. So does a large webp without
 * loss, for which its own encoder takes 450 MB where a png's takes 200.
 */
const chooseMimeType = (metadata: Metadata, bytes: Uint8Array): ImageMimeType => {
  const { format } = metadata
  if (format === 'jpeg') return 'image/jpeg'
  if (format === 'webp') {
    return isLarge(metadata) && isLosslessWebp(bytes) ? 'image/png' : 'image/webp'
  }
  return format === 'heif' ? 'image/webp' : 'image/png'
}

type Original = { metadata: Metadata; bytes: Uint8Array }

const encode = (pixels: Sharp, mimeType: ImageMimeType, { metadata, bytes }: Original): Sharp => {
  switch (mimeType) {
    case 'image/png':
      return pixels.png({ compressionLevel: 6 })
    case 'image/jpeg':
      // Codes made for the picture save 3 % and keep all of it in memory: 370 MB for 25 megapixels, and else 90.
      return pixels.jpeg({
        quality: 95,
        chromaSubsampling: '4:4:4',
        optimiseCoding: !isLarge(metadata),
      })
    case 'image/webp':
      // 4096 x 4096: 0.9 s lossy where the default effort takes 1.8 s for the same size, 5.5 s lossless (9.3 s).
      return isLosslessWebp(bytes)
        ? pixels.webp({ lossless: true, exact: true, effort: 0 })
        : pixels.webp({ quality: 95, effort: 2 })
  }
}

/** It tells seven waves of light across: from 100 pixels it comes out the same, and takes 3 ms instead of 0.3. */
const MAX_THUMBHASH_SIDE = 48

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
  if (findImageMimeType(bytes) !== 'image/webp') return false
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
