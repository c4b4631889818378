import { MAX_IMAGE_BYTES } from '../../contract/limits.ts'
import { AppError } from '../../lib/errors.ts'

type ImageDataOptions = {
  /** Where the text stands in the request, for the error. */
  pointer?: string
  maxBytes?: number
}

/**
 * The bytes of an image in base64, bare or in a data URL (RFC 2397, as browsers read it: WHATWG fetch, "data: URLs"). As tools write
 * it: with parameters, white space and line breaks, in either alphabet (RFC 4648, 4 and 5), with its padding or without. The type that
 * a data URL declares is not believed. Throws `AppError` `invalid_image`.
 */
export const parseImageData = (
  text: string,
  { pointer = '/conditionImage', maxBytes = MAX_IMAGE_BYTES }: ImageDataOptions = {},
): Uint8Array => {
  const refuse = (message: string) => new AppError('invalid_image', message, { pointer })
  const data = /^\s*data:/i.test(text) ? findData(text, refuse) : text
  const { base64, padding } = withoutPadding(WHITE_SPACE.test(data) ? withoutSpace(data) : data)
  if (base64 === '') throw refuse('The image is empty.')
  if (Math.floor((base64.length * 3) / 4) > maxBytes) {
    throw refuse(`The image has more than ${maxBytes} bytes.`)
  }
  const alphabet = /[-_]/.test(base64) ? 'base64url' : 'base64'
  const bytes = Buffer.from(base64, alphabet)
  // Buffer skips what it can't read: only what encodes back to the same text was base64.
  const isWhole = withoutPadding(bytes.toString(alphabet)).base64 === base64
  if (!isWhole) throw refuse(describeFault(base64))
  if (padding > 0 && (base64.length + padding) % 4 !== 0) {
    throw refuse('The base64 has too many or too few "=" at its end: none is right, too.')
  }
  return bytes
}

type Refuse = (message: string) => AppError

const WHITE_SPACE = /[\t\n\f\r ]/

/** Byte by byte: where there is a blank after each of 14 MB of characters, `replace` takes a second. */
const withoutSpace = (text: string): string => {
  const bytes = Buffer.from(text)
  let length = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte > SPACE || !SPACES.includes(byte)) bytes[length++] = byte
  }
  return bytes.toString('latin1', 0, length)
}

const SPACE = 0x20
/** Tab, line feed, form feed, carriage return. */
const SPACES = [0x09, 0x0a, 0x0c, 0x0d, SPACE]

/** The base64 of a data URL; in such a one any character may be written as `%` and two digits. */
const findData = (url: string, refuse: Refuse): string => {
  const start = url.indexOf(':') + 1
  const comma = url.indexOf(',', start)
  const head = url.slice(start, comma < 0 ? start : comma)
  if (comma < 0 || !/; *base64 *$/i.test(head)) {
    throw refuse('The data URL must be in base64: "data:image/<type>;base64,<data>".')
  }
  const [type = ''] = head.split(';')
  if (!IMAGE_TYPE.test(type.trim())) {
    throw refuse('The data URL must be of an image: "data:image/<type>;base64,<data>".')
  }
  const data = url.slice(comma + 1)
  return data.includes('%') ? decodePercents(data) : data
}

const decodePercents = (data: string): string => {
  try {
    return decodeURIComponent(data)
  } catch {
    return data
  }
}

/** What tools take for one whose type they don't know is one, too. */
const IMAGE_TYPE = /^(image\/[a-z0-9][a-z0-9.+-]*|(application|binary)\/octet-stream|)$/i

const withoutPadding = (text: string): { base64: string; padding: number } => {
  let end = text.length
  while (text.length - end < MAX_PADDING && text[end - 1] === '=') end--
  return { base64: text.slice(0, end), padding: text.length - end }
}

const MAX_PADDING = 2

const describeFault = (base64: string): string => {
  if (/^https?:/i.test(base64)) {
    return 'An image is not fetched from a URL: send its bytes in base64, or the id of one of your images.'
  }
  const at = base64.search(/[^A-Za-z0-9+/_-]/)
  if (at >= 0) return `The image is not base64: the character at ${at} is none of its alphabet.`
  if (/[+/]/.test(base64) && /[-_]/.test(base64)) {
    return 'The base64 mixes both alphabets: "+" and "/" are those of one, "-" and "_" of the other.'
  }
  return 'The base64 ends in the middle of a byte: something of it is missing.'
}
