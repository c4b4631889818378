import type { Metadata, Sharp, SharpConstructor } from 'sharp'
import { MAX_IMAGE_SIDE } from '../contract/limits.ts'
import type { ImageMimeType } from '../contract/vocabulary.ts'
import { AppError } from './errors.ts'
import { limitConcurrency } from './limit-concurrency.ts'

/** What the first bytes say an image is; undefined for anything but png, jpeg and webp. */
export const findImageMimeType = (bytes: Uint8Array): ImageMimeType | undefined => {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'image/webp'
  return undefined
}

let loaded: Promise<SharpConstructor> | undefined

/**
 * sharp, imported at first use: 60 ms and 30 MB that a process pays only when it touches images.
 * One thread an image, as libuv's pool already runs four side by side; no cache, as no image comes twice.
 */
export const loadSharp = (): Promise<SharpConstructor> => {
  loaded ??= import('sharp').then(({ default: sharp }) => {
    sharp.concurrency(1)
    sharp.cache(false)
    return sharp
  })
  return loaded
}

/** What an image may cost to decode. */
export type DecodeLimits = {
  /** Width times height. */
  maxPixels: number
  /** For each piece of work on it, once a thread has taken it up; 20 unless given. */
  maxSeconds?: number
  /** The caller has its turn already (`inLargeTurn`). */
  isInTurn?: boolean
}

/** More pixels than a picture of 2K has, as most are. */
const LARGE_PIXELS = 5_000_000

/**
 * Large pictures are worked on one at a time in a process, by whatever part of it: one of 25 megapixels takes up to 300 MB while it
 * is cleaned, and 100 for as long as its pixels are looked at.
 */
export const inLargeTurn = limitConcurrency(1)

/** 25 megapixels take some 3 s, as a lossless webp 9 s. */
const MAX_SECONDS = 20

/** An image that is turned upright as it is decoded; of several frames or pages the first. */
export type OpenImage = { image: Sharp; metadata: Metadata }

/**
 * Works on an image within the limits. A bound on pixels alone is none: 1 x 25,000,000 of them are 48 KB, and took a minute.
 * Throws `AppError` `invalid_image` for whatever goes wrong with the image, in `work` too.
 */
export const withImage = async <Result>(
  bytes: Uint8Array,
  { maxPixels, maxSeconds = MAX_SECONDS, isInTurn = false }: DecodeLimits,
  work: (opened: OpenImage) => Promise<Result>,
): Promise<Result> => {
  const sharp = await loadSharp()
  try {
    // Reads the header alone, so that the refusal can say the size.
    const metadata = await sharp(bytes, { failOn: 'error', limitInputPixels: false }).metadata()
    checkSize(metadata, maxPixels)
    const decode = () => {
      const image = sharp(bytes, { failOn: 'error', limitInputPixels: maxPixels })
      return work({ image: image.timeout({ seconds: maxSeconds }).autoOrient(), metadata })
    }
    return await (isInTurn || !isLarge(metadata) ? decode() : inLargeTurn(decode))
  } catch (error) {
    if (error instanceof AppError) throw error
    throw refuseImage('The image is damaged: it does not decode.', error)
  }
}

export const isLarge = ({ width, height }: Pick<Metadata, 'width' | 'height'>): boolean =>
  width * height > LARGE_PIXELS

export const refuseImage = (message: string, cause?: unknown): AppError =>
  new AppError('invalid_image', message, { cause })

const checkSize = ({ width, height }: Metadata, maxPixels: number): void => {
  const size = `The image has ${width} x ${height} pixels`
  if (Math.max(width, height) > MAX_IMAGE_SIDE) {
    throw refuseImage(`${size}; at most ${MAX_IMAGE_SIDE} on a side are taken.`)
  }
  if (width * height > maxPixels) throw refuseImage(`${size}; at most ${maxPixels} are taken.`)
}
