import { findImageMimeType } from '../../lib/images.ts'
import { findJpegParts } from './jpeg-parts.ts'
import { findPngParts } from './png-parts.ts'

/**
 * A png or jpeg with the same pixels and colours, as they are encoded, and nothing else of its file. Undefined for others, and
 * for those that should be encoded anew. It decodes nothing: whether the pixels are whole it does not say.
 */
export const copyPicture = (bytes: Uint8Array): Uint8Array | undefined => {
  const original = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts = findParts(original)
  if (!parts) return undefined
  const isWhole = parts.reduce((sum, { length }) => sum + length, 0) === original.length
  // A copy takes as long as all the rest.
  if (isWhole && parts.every(({ buffer }) => buffer === original.buffer)) return bytes
  const copy = Buffer.concat(parts)
  return copy.equals(original) ? bytes : copy
}

const findParts = (original: Buffer): Buffer[] | undefined => {
  const mimeType = findImageMimeType(original)
  if (mimeType === 'image/png') return findPngParts(original)
  return mimeType === 'image/jpeg' ? findJpegParts(original) : undefined
}
