import { AppError } from '../errors.ts'
import type { EncodedImage } from '../generation/ports.ts'
import { findImageMimeType } from '../images/mime-type.ts'

/** An object says by its first bytes what it is, so that no store has to keep the type beside it. */
export const toStoredImage = (bytes: Uint8Array): EncodedImage => {
  const mimeType = findImageMimeType(bytes)
  if (!mimeType) throw new AppError('internal', 'A stored object is not an image.')
  return { bytes, mimeType }
}

/** Throws `AppError` `internal` for bytes that would not come back as the type they are given as. */
export const checkImage = ({ bytes, mimeType }: EncodedImage): void => {
  if (findImageMimeType(bytes) !== mimeType) {
    throw new AppError('internal', `An image to be stored is not ${mimeType}.`)
  }
}
