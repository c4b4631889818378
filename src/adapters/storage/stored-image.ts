import type { StoredImage } from '../../generation/ports.ts'
import { AppError } from '../../lib/errors.ts'
import { findImageMimeType } from '../../lib/image-mime-type.ts'

/** An object says by its first bytes what it is, so that no store has to keep the type beside it. */
export const toStoredImage = (bytes: Uint8Array): StoredImage => {
  const mimeType = findStoredMimeType(bytes)
  if (!mimeType) throw new AppError('internal', 'A stored object is not an image.')
  return { bytes, mimeType }
}

/** Throws `AppError` `internal` for bytes that would not come back as the type they are given as. */
export const checkImage = ({ bytes, mimeType }: StoredImage): void => {
  if (findStoredMimeType(bytes) !== mimeType) {
    throw new AppError('internal', `An image to be stored is not ${mimeType}.`)
  }
}

const findStoredMimeType = (bytes: Uint8Array): StoredImage['mimeType'] | undefined =>
  findImageMimeType(bytes) ?? (isAvif(bytes) ? 'image/avif' : undefined)

/** ISO base media file format: the brand follows `ftyp`. */
const isAvif = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(4, 12)).toString('latin1') === 'ftypavif'
