import type { ImageMimeType } from '../contract/vocabulary.ts'

/** What the first bytes say an image is; undefined for anything but png, jpeg and webp. */
export const findImageMimeType = (bytes: Uint8Array): ImageMimeType | undefined => {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1')
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png'
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'image/webp'
  return undefined
}
