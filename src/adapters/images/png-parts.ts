import { crc32 } from 'node:zlib'
import { MAX_PROFILE_BYTES } from './profile.ts'

const SIGNATURE_BYTES = 8
/** Length, name and checksum. */
const FRAME_BYTES = 12

/**
 * The pieces of a png that show its picture, in their order: to be joined, they are a png of the same pixels and colours.
 * What else the file has is left out: text, times, EXIF, C2PA, the frames of an animation, whatever stands behind its end.
 * Undefined for one that decoders may read differently, and for 16 bits a channel.
 * Source: W3C, Portable Network Graphics (third edition), sections 5 and 11.
 */
export const findPngParts = (png: Buffer): Buffer[] | undefined => {
  const parts = [png.subarray(0, SIGNATURE_BYTES)]
  const seen = new Set<string>()
  let before: string | undefined
  for (let at = SIGNATURE_BYTES; at + FRAME_BYTES <= png.length; ) {
    const chunk = readChunk(png, at)
    if (!chunk) return undefined
    const { name, whole } = chunk
    if (isKept(chunk, seen)) {
      if (!hasRightChecksum(whole) || !isInOrder(chunk, seen, before)) return undefined
      parts.push(whole)
      seen.add(name)
    } else if (isCritical(name)) {
      return undefined
    }
    if (name === 'IEND') return seen.has('IDAT') ? parts : undefined
    before = name
    at += whole.length
  }
  return undefined
}

type Chunk = { name: string; data: Buffer; whole: Buffer }

/** Undefined for one that the file ends before. */
const readChunk = (png: Buffer, at: number): Chunk | undefined => {
  const end = at + FRAME_BYTES + png.readUInt32BE(at)
  if (end > png.length) return undefined
  const name = png.toString('latin1', at + 4, at + 8)
  return { name, data: png.subarray(at + 8, end - 4), whole: png.subarray(at, end) }
}

/** By the case of its first letter; a decoder refuses a critical chunk that it does not know. */
const isCritical = (name: string): boolean => /^[A-Z]/.test(name)

const CRITICAL = new Set(['IHDR', 'PLTE', 'IDAT', 'IEND'])

/** Those that change how the picture looks, and how long each may be: one of another length is not read, and could hide something. */
const LOOKS: Record<string, (bytes: number) => boolean> = {
  tRNS: (bytes) => bytes <= 256,
  gAMA: (bytes) => bytes === 4,
  cHRM: (bytes) => bytes === 32,
  sRGB: (bytes) => bytes === 1,
  cICP: (bytes) => bytes === 4,
  iCCP: (bytes) => bytes <= MAX_PROFILE_BYTES,
}

/** Colours count only before the pixels. */
const isKept = ({ name, data }: Chunk, seen: ReadonlySet<string>): boolean =>
  CRITICAL.has(name) || (!seen.has('IDAT') && LOOKS[name]?.(data.length) === true)

const hasRightChecksum = (whole: Buffer): boolean =>
  crc32(whole.subarray(4, -4)) === whole.readUInt32BE(whole.length - 4)

/** One header, first; pixels in one piece, as what is left out of their middle would join two; nothing else twice. */
const isInOrder = (
  { name, data }: Chunk,
  seen: ReadonlySet<string>,
  before: string | undefined,
): boolean => {
  if (name === 'IHDR')
    return before === undefined && data.length === 13 && data[BIT_DEPTH_AT] !== 16
  if (!seen.has('IHDR')) return false
  if (name === 'IDAT') return before === 'IDAT' || !seen.has('IDAT')
  if (name === 'IEND') return data.length === 0
  return !seen.has(name) && (name !== 'PLTE' || !seen.has('IDAT'))
}

const BIT_DEPTH_AT = 8
