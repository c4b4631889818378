import { MAX_IMAGE_BYTES } from '../../contract/limits.ts'
import { AppError } from '../../lib/errors.ts'

type ImageDataOptions = {
  /** Where the text stands in the request, for the error. */
  pointer?: string
  maxBytes?: number
}

/**
 * The bytes of strict base64 (RFC 4648 section 4, padded, no white space), bare or as `data:image/...;base64,`.
 * The type that a data URL declares is not believed. Throws `AppError` `invalid_image`.
 */
export const parseImageData = (
  text: string,
  { pointer = '/conditionImage', maxBytes = MAX_IMAGE_BYTES }: ImageDataOptions = {},
): Uint8Array => {
  const refuse = (message: string) => new AppError('invalid_image', message, { pointer })
  const base64 = text.replace(DATA_URL_PREFIX, '')
  if (/^data:/i.test(base64)) {
    throw refuse('The data URL must start with "data:image/<type>;base64,".')
  }
  if (base64 === '') throw refuse('The image is empty.')
  if (decodedBytes(base64) > maxBytes) {
    throw refuse(`The image has more than ${maxBytes} bytes.`)
  }
  const bytes = Buffer.from(base64, 'base64')
  // Buffer skips what it cannot read: only what encodes back to the same text was base64.
  if (bytes.toString('base64') !== base64) {
    throw refuse('The image must be base64 (padded, no line breaks), bare or in a data URL.')
  }
  return bytes
}

const DATA_URL_PREFIX = /^data:image\/[a-z0-9][a-z0-9.+-]*;base64,/i

const decodedBytes = (base64: string): number =>
  Math.floor((base64.length * 3) / 4) - (base64.match(/={0,2}$/)?.[0].length ?? 0)
