import { createHash } from 'node:crypto'
import type { PixelPrint } from '../../generation/ports.ts'
import { loadSharp } from '../../lib/images.ts'
import { type Pixels, stripsOf } from './pixels.ts'

/** What a picture is recognised by, whatever file it comes in. */
export const printPixels = async (pixels: Pixels): Promise<PixelPrint> => ({
  pixelDigest: await digestPixels(pixels),
  perceptualHash: await hashDifferences(pixels),
})

/** SHA-256 (hex) of its size and pixels. */
const digestPixels = async ({ width, height, rgba }: Pixels): Promise<string> => {
  const hash = createHash('sha256').update(`${width} ${height} `)
  for await (const { from, to } of stripsOf({ width, height })) {
    hash.update(rgba.subarray(from * width * 4, to * width * 4))
  }
  return hash.digest('hex')
}

const COLUMNS = 8
const ROWS = 8
/** In a smooth picture neighbours differ by noise alone, which any compression changes. */
const MIN_DIFFERENCE = 3

/**
 * A difference hash (Krawetz, "Kind of Like That", 2013): of a picture of 9 by 8 grey pixels, a 1 for each that is darker than
 * the one to its right.
 */
const hashDifferences = async ({ width, height, rgba }: Pixels): Promise<string> => {
  const sharp = await loadSharp()
  const grey = await sharp(rgba, { raw: { width, height, channels: 4 } })
    .flatten({ background: '#808080' })
    .greyscale()
    .resize(COLUMNS + 1, ROWS, { fit: 'fill' })
    .raw()
    .toBuffer()
  const at = (row: number, column: number) => grey[row * (COLUMNS + 1) + column] ?? 0
  return Array.from({ length: ROWS * COLUMNS }, (_, index) => {
    const row = Math.floor(index / COLUMNS)
    const column = index % COLUMNS
    return at(row, column + 1) - at(row, column) >= MIN_DIFFERENCE ? '1' : '0'
  }).join('')
}
