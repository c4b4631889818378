import { type Pixels, STRIP_ROWS, stripsOf } from './pixels.ts'
import {
  comparePlane,
  type Difference,
  type Planes,
  type Square,
  squaresOf,
  toPlanes,
} from './planes.ts'

const BLOCK = 8
const REGION = STRIP_ROWS

/**
 * By how much two pictures may differ, in levels of 255. A small recompression stays within all of these, and a change
 * of the picture exceeds at least one: what was measured is in ADR 34.
 */
const LIMITS = {
  /** Of the means of a block: another colour of a small detail. */
  blockLuma: 3.5,
  blockChroma: 4,
  /** Of the means of a region, in which noise evens out: a pale change of something larger. */
  region: 1.8,
  /** Of a block's pixels: letters and shapes. */
  noise: 2.5,
  /** Compression errs more where there is more contrast. */
  noiseByContrast: 0.25,
  /** Of their colours alone, of which most jpegs keep a quarter. */
  chromaNoise: 13.5,
  /** Of a block's opacity, which compression leaves alone. */
  alpha: 4,
  /** Of all pixels: a PSNR of 36 dB. */
  overallNoise: 4,
}

/**
 * True when one of two pictures may be the other after a small recompression. What differs by no more than that does goes
 * unseen. False for another size.
 */
export const looksSame = async (a: Pixels, b: Pixels): Promise<boolean> => {
  const { width, height } = a
  if (width !== b.width || height !== b.height) return false
  let squares = 0
  for await (const { from, to } of stripsOf(a)) {
    const [inA, inB] = [toPlanes(a, from, to), toPlanes(b, from, to)]
    if (!isStripSame(inA, inB)) return false
    const strip = { left: 0, top: 0, side: Math.max(width, to - from) }
    squares += comparePlane(inA, inB, 'luma', strip).noise ** 2 * (to - from)
  }
  return Math.sqrt(squares / height) <= LIMITS.overallNoise
}

const isStripSame = (a: Planes, b: Planes): boolean =>
  squaresOf(a, REGION).every((region) => isRegionSame(a, b, region)) &&
  squaresOf(a, BLOCK).every((block) => isBlockSame(a, b, block))

const isRegionSame = (a: Planes, b: Planes, region: Square): boolean =>
  CHANNELS.every((plane) => comparePlane(a, b, plane, region).mean <= LIMITS.region)

const CHANNELS = ['luma', 'blue', 'red'] as const

const isBlockSame = (a: Planes, b: Planes, block: Square): boolean => {
  const luma = comparePlane(a, b, 'luma', block)
  return (
    luma.noise <= LIMITS.noise + LIMITS.noiseByContrast * luma.contrast &&
    luma.mean <= LIMITS.blockLuma &&
    isChromaSame(comparePlane(a, b, 'blue', block)) &&
    isChromaSame(comparePlane(a, b, 'red', block)) &&
    comparePlane(a, b, 'alpha', block).noise <= LIMITS.alpha
  )
}

const isChromaSame = ({ mean, noise }: Difference): boolean =>
  mean <= LIMITS.blockChroma && noise <= LIMITS.chromaNoise
