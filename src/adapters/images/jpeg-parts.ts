import { MAX_PROFILE_BYTES } from './profile.ts'

/**
 * The pieces of a jpeg that show its picture, in their order: joined, they are a jpeg of the same pixels and colours. What else
 * the file has is left out: EXIF, XMP, C2PA, comments, thumbnails, whatever stands behind its end, another picture too.
 * Undefined for one that not every browser shows, or not alike: CMYK, 12 bits, arithmetic coding.
 * Sources: ITU-T T.81, annex B; T.871 (JFIF); T.872, 6.5.3 (Adobe's segment); ICC.1, annex B.4 (profiles).
 */
export const findJpegParts = (jpeg: Buffer): Buffer[] | undefined => {
  const parts = [jpeg.subarray(0, 2)]
  let [frames, scans, profileBytes] = [0, 0, 0]
  let at = 2
  for (;;) {
    const start = findMarker(jpeg, at)
    if (start !== at && !isFilled(jpeg, at, start)) return undefined
    const marker = jpeg[start + 1]
    if (marker === END) {
      parts.push(jpeg.subarray(start, start + 2))
      return frames === 1 && scans > 0 ? parts : undefined
    }
    const segment = readSegment(jpeg, start)
    if (marker === undefined || !segment) return undefined
    at = start + segment.length
    if (isApplication(marker)) {
      const kept = keepApplication(marker, segment)
      if (marker === PROFILE && kept) profileBytes += kept.length
      if (profileBytes > MAX_PROFILE_BYTES) return undefined
      if (kept) parts.push(kept)
      continue
    }
    if (!NEEDED.has(marker)) return undefined
    parts.push(segment)
    if (FRAMES.has(marker)) {
      if (!isOrdinary(segment)) return undefined
      frames += 1
    }
    if (marker !== SCAN) continue
    scans += 1
    const end = findMarker(jpeg, at)
    parts.push(jpeg.subarray(at, end))
    at = end
  }
}

const [END, SCAN, COMMENT, PROFILE, JFIF, ADOBE] = [0xd9, 0xda, 0xfe, 0xe2, 0xe0, 0xee]
/** Baseline, extended and progressive, in Huffman's code. */
const FRAMES = new Set([0xc0, 0xc1, 0xc2])
/** With Huffman's tables, those of quantization, and how often a scan begins anew. */
const NEEDED = new Set([...FRAMES, 0xc4, 0xdb, 0xdd, SCAN])

/** Where the next marker is; in a scan FF00 is a byte of it, and D0 to D7 are points to begin anew at. */
const findMarker = (jpeg: Buffer, from: number): number => {
  for (let at = jpeg.indexOf(0xff, from); at !== -1; ) {
    const next = jpeg[at + 1] ?? 0xff
    if (next !== 0xff && next !== 0 && (next < 0xd0 || next > 0xd7)) return at
    at = jpeg.indexOf(0xff, next === 0xff ? at + 1 : at + 2)
  }
  return jpeg.length
}

/** Before a marker there may be more of its first byte. */
const isFilled = (jpeg: Buffer, from: number, to: number): boolean =>
  to < jpeg.length && jpeg.subarray(from, to).every((byte) => byte === 0xff)

const isApplication = (marker: number): boolean =>
  (marker >= 0xe0 && marker <= 0xef) || marker === COMMENT

/** Marker, length (of itself too) and content. Undefined for one that the file ends before. */
const readSegment = (jpeg: Buffer, at: number): Buffer | undefined => {
  if (at + 4 > jpeg.length) return undefined
  const length = jpeg.readUInt16BE(at + 2)
  const end = at + 2 + length
  return length < 2 || end > jpeg.length ? undefined : jpeg.subarray(at, end)
}

/** 8 bits, a height, and grey or three colours. */
const isOrdinary = (frame: Buffer): boolean =>
  frame.length >= 10 &&
  frame[4] === 8 &&
  frame.readUInt16BE(5) > 0 &&
  (frame[9] === 1 || frame[9] === 3)

/** What says how to read the colours; of it no more than that. */
const keepApplication = (marker: number, segment: Buffer): Buffer | undefined => {
  const is = (name: string) => segment.toString('latin1', 4, 4 + name.length) === name
  if (marker === JFIF && is('JFIF\0')) return shorten(segment, JFIF_BYTES, NO_THUMBNAIL)
  if (marker === ADOBE && is('Adobe')) return shorten(segment, ADOBE_BYTES)
  if (marker === PROFILE && is('ICC_PROFILE\0')) return segment
  return undefined
}

const [JFIF_BYTES, ADOBE_BYTES] = [18, 16]
/** Its width and height, which stand last. */
const NO_THUMBNAIL = Buffer.from([0, 0])

/** So many of its bytes, with the last ones replaced; undefined where it has fewer: then it is none. */
const shorten = (segment: Buffer, bytes: number, last = Buffer.alloc(0)): Buffer | undefined => {
  if (segment.length < bytes) return undefined
  const short = Buffer.concat([segment.subarray(0, bytes - last.length), last])
  short.writeUInt16BE(bytes - 2, 2)
  return short
}
