import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { makeBomb, makeColumn, makeRawPng, pngChunk } from '../../support/pictures.ts'
import type { Base } from './bases.ts'

const SIGNATURE_AND_HEADER_BYTES = 8 + 25

/** As many pixels as are taken, in few bytes. */
const LARGEST = { width: 5_000, height: 5_000, channels: 4, background: '#0af8' } as const

/** What is small to send and large to decode. */
export const makeBombs = async (): Promise<Base[]> => {
  const largest = () => sharp({ create: LARGEST })
  const png = await sharp({ create: { ...LARGEST, width: 64, height: 64 } })
    .png()
    .toBuffer()
  const zeros = deflateSync(Buffer.alloc(60_000_000))
  return [
    {
      name: '25 megapixels of png',
      bytes: await largest().png({ compressionLevel: 9 }).toBuffer(),
    },
    {
      name: '25 megapixels of jpeg',
      bytes: await largest().jpeg({ progressive: true }).toBuffer(),
    },
    {
      name: '25 megapixels of webp',
      bytes: await largest().webp({ lossless: true, effort: 0 }).toBuffer(),
    },
    { name: '30 megapixels', bytes: await makeBomb() },
    { name: 'one column', bytes: makeColumn() },
    { name: 'billions in the header', bytes: makeRawPng(2 ** 31 - 1, 2 ** 31 - 1) },
    { name: 'a row of all sides', bytes: makeRawPng(16_383, 1_525, 16_384 * 1_525) },
    { name: 'more data than pixels', bytes: makeRawPng(8, 8, 60_000_000) },
    {
      name: 'a text that unfolds',
      bytes: insertChunk(png, 'zTXt', Buffer.concat([Buffer.from('a\0\0'), zeros])),
    },
    {
      name: 'a profile that unfolds',
      bytes: insertChunk(png, 'iCCP', Buffer.concat([Buffer.from('p\0\0'), zeros])),
    },
    { name: 'a jpeg of many scans', bytes: await makeManyScans() },
    { name: 'thousands of chunks', bytes: insertChunks(png, 20_000) },
  ]
}

const insertChunk = (png: Buffer, name: string, data: Buffer): Buffer =>
  Buffer.concat([
    png.subarray(0, SIGNATURE_AND_HEADER_BYTES),
    pngChunk(name, data),
    png.subarray(SIGNATURE_AND_HEADER_BYTES),
  ])

const insertChunks = (png: Buffer, count: number): Buffer =>
  insertChunk(png, 'teSt', Buffer.concat(Array.from({ length: count }, () => pngChunk('teSt'))))

/** A progressive jpeg's last scan again and again: each is a pass over all of its pixels. */
const makeManyScans = async (): Promise<Buffer> => {
  const jpeg = await sharp({ create: { ...LARGEST, width: 2_000, height: 2_000, channels: 3 } })
    .jpeg({ progressive: true })
    .toBuffer()
  const scan = jpeg.lastIndexOf(Buffer.from([0xff, 0xda]))
  const end = jpeg.length - 2
  const again = Array.from({ length: 500 }, () => jpeg.subarray(scan, end))
  return Buffer.concat([jpeg.subarray(0, end), ...again, jpeg.subarray(end)])
}
