import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { makeBomb, makeColumn, makeRawPng, pngChunk } from '../../support/pictures.ts'
import type { Base } from './bases.ts'

const SIGNATURE_AND_HEADER_BYTES = 8 + 25

/** As many pixels as are taken, in few bytes. */
const LARGEST = { width: 5_000, height: 5_000, channels: 4, background: '#0af8' } as const

type Bomb = { name: string; make: () => Buffer | Promise<Buffer> }

const largest = () => sharp({ create: LARGEST })

const drawSmall = () =>
  sharp({ create: { ...LARGEST, width: 64, height: 64 } })
    .png()
    .toBuffer()

/** Much of nothing. */
const unfold = () => deflateSync(Buffer.alloc(60_000_000))

/** What is small to send and large to decode; each is made when it is wanted. */
const BOMBS: readonly Bomb[] = [
  {
    name: '25 megapixels of webp',
    make: () => largest().webp({ lossless: true, effort: 0 }).toBuffer(),
  },
  { name: '25 megapixels of jpeg', make: () => largest().jpeg({ progressive: true }).toBuffer() },
  { name: '25 megapixels of png', make: () => largest().png({ compressionLevel: 9 }).toBuffer() },
  { name: '30 megapixels', make: makeBomb },
  { name: 'one column', make: makeColumn },
  { name: 'billions in the header', make: () => makeRawPng(2 ** 31 - 1, 2 ** 31 - 1) },
  { name: 'the longest rows', make: () => makeRawPng(16_383, 1_525, 16_384 * 1_525) },
  { name: 'more data than pixels', make: () => makeRawPng(8, 8, 60_000_000) },
  {
    name: 'a text that unfolds',
    make: async () =>
      insertChunk(await drawSmall(), 'zTXt', Buffer.concat([Buffer.from('a\0\0'), unfold()])),
  },
  {
    name: 'a profile that unfolds',
    make: async () =>
      insertChunk(await drawSmall(), 'iCCP', Buffer.concat([Buffer.from('p\0\0'), unfold()])),
  },
  { name: 'a jpeg of many scans', make: () => makeManyScans() },
  { name: 'thousands of chunks', make: async () => insertChunks(await drawSmall(), 20_000) },
]

/** The nth, over and over; the same bytes each time. */
export const createFindBomb = () => {
  const made = new Map<string, Promise<Base>>()
  return (n: number): Promise<Base> => {
    const bomb = BOMBS[n % BOMBS.length]
    if (!bomb) throw new Error('there are no bombs')
    const { name, make } = bomb
    const base = made.get(name) ?? Promise.resolve(make()).then((bytes) => ({ name, bytes }))
    made.set(name, base)
    return base
  }
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
