import type { SharpConstructor } from 'sharp'
import type { ImageMimeType } from '../contract/vocabulary.ts'

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
