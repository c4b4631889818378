import { createHash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_CHARACTERS = 32
const CHECK_CHARACTERS = 6
const VISIBLE_CHARACTERS = 9

/**
 * A new key: `io_`, 32 random characters (190 bits), and the CRC-32 of these 35 in six more, all base 62. By the check a scanner of
 * repositories tells a key from what only looks like one, without asking anybody.
 */
export const createKeySecret = (): string => {
  const random = Array.from({ length: RANDOM_CHARACTERS }, () => DIGITS[randomInt(DIGITS.length)])
  const body = `io_${random.join('')}`
  return `${body}${checkOf(body)}`
}

/** Whether a text can be a key: what is mistyped, or cut off, needs no looking up. */
export const isKeySecret = (text: string): boolean => {
  if (!/^io_[0-9A-Za-z]{38}$/.test(text)) return false
  return checkOf(text.slice(0, -CHECK_CHARACTERS)) === text.slice(-CHECK_CHARACTERS)
}

export const digestOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/** The key's id, which follows from it and tells nothing of it: 160 bits of its digest. */
export const keyIdOf = (digest: Buffer): string => `k_${digest.toString('hex').slice(0, 40)}`

/** What people tell their keys apart by. */
export const prefixOf = (secret: string): string => secret.slice(0, VISIBLE_CHARACTERS)

const checkOf = (body: string): string => {
  let rest = crc32(body)
  let text = ''
  for (let n = 0; n < CHECK_CHARACTERS; n++) {
    text = `${DIGITS[rest % DIGITS.length]}${text}`
    rest = Math.floor(rest / DIGITS.length)
  }
  return text
}
