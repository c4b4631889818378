import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

/** A png of one colour. */
export const makePng = (colour = '#336699', width = 8, height = width): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: colour } })
    .png()
    .toBuffer()

/** A chunk of a png, with its checksum. */
export const pngChunk = (name: string, data: Buffer = Buffer.alloc(0)): Buffer => {
  const content = Buffer.concat([Buffer.from(name, 'latin1'), data])
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  checksum.writeUInt32BE(crc32(content))
  return Buffer.concat([length, content, checksum])
}

/** A png whose header says it has so many pixels, with that many bytes of its data. */
export const makeRawPng = (width: number, height: number, bytes = 1_000): Buffer => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8)
  const chunks = [pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(Buffer.alloc(bytes)))]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks, pngChunk('IEND')])
}

/** 25 megapixels in 48 kilobytes and in one column, each with a byte for its row. */
export const makeColumn = (): Buffer => makeRawPng(1, 25_000_000, 50_000_000)

/** 30 megapixels in a few kilobytes. */
export const makeBomb = (): Promise<Buffer> => makePng('#000000', 6_000, 5_000)

export const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'

/** A segment of a jpeg, with its length. */
export const jpegSegment = (marker: number, data: Buffer): Buffer => {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(data.length + 2, 2)
  return Buffer.concat([head, data])
}

/** Pieces put into a file at that place. */
export const insertAt = (file: Buffer, at: number, ...pieces: Buffer[]): Buffer =>
  Buffer.concat([file.subarray(0, at), ...pieces, file.subarray(at)])

/** Where the first chunk of that name begins. */
export const findChunk = (png: Buffer, name: string): number => png.indexOf(name, 8, 'latin1') - 4

/** Behind its header. */
export const PNG_HEADER_END = 8 + 25
