import type { StoredImage } from '../../generation/ports.ts'
import { AppError } from '../../lib/errors.ts'
import { findImageMimeType } from '../../lib/images.ts'

/** An object says by its first bytes what it is, so that no store has to keep the type beside it. */
export const toStoredImage = (key: string, bytes: Uint8Array): StoredImage => ({
  bytes,
  mimeType: mimeTypeOf(key, bytes),
})

/** `head`: how it begins, or all of it. */
export const mimeTypeOf = (key: string, head: Uint8Array): StoredImage['mimeType'] => {
  const mimeType = findStoredMimeType(key, head)
  if (!mimeType) throw new AppError('internal', 'A stored object is not an image.')
  return mimeType
}

/** More than any signature has. */
export const HEAD_BYTES = 64

/** Throws `AppError` `internal` for bytes that could not be read back as an image. */
export const checkImage = (key: string, { bytes, mimeType }: StoredImage): void => {
  if (mayBeAnything(key) || findStoredMimeType(key, bytes) === mimeType) return
  throw new AppError('internal', `An image to be stored is not ${mimeType}.`)
}

const findStoredMimeType = (key: string, bytes: Uint8Array): StoredImage['mimeType'] | undefined =>
  findImageMimeType(bytes) ??
  (isAvif(bytes) ? 'image/avif' : undefined) ??
  (mayBeAnything(key) ? 'application/octet-stream' : undefined)

/** What was paid for is kept, whatever it is; the list of erasures is no image. */
const mayBeAnything = (key: string): boolean => /^(?:surplus|erasures)\//.test(key)

/** ISO base media file format: the brand follows `ftyp`. */
const isAvif = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(4, 12)).toString('latin1') === 'ftypavif'

/**
 * Letters, digits, `_`, `-` and inner dots in segments: the same in a path and in a URL. No segment starts with
 * a dot, so that none leads out of the directory or names a temporary file.
 */
const OBJECT_KEY = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/

/** False for a key that no part of this service makes. */
export const isObjectKey = (key: string): boolean => OBJECT_KEY.test(key)

/** The key itself. Throws `AppError` `internal` for one that no part of this service makes. */
export const checkObjectKey = (key: string): string => {
  if (!isObjectKey(key)) throw new AppError('internal', 'An object key is malformed.')
  return key
}
