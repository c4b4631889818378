import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import sharp from 'sharp'
import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { createRecognition } from '../../src/adapters/images/recognition.ts'
import { AppError } from '../../src/lib/errors.ts'
import { FORMATS, type Format, gradient } from '../support/gradient.ts'
import { makeRawPng, pngChunk } from '../support/pictures.ts'

const MAX_BYTES = 10 * 1024 * 1024
const inspect = createInspectImage({ maxBytes: MAX_BYTES, maxPixels: 25_000_000 })

const encoded: Record<Format, Buffer> = {} as Record<Format, Buffer>
beforeAll(async () => {
  for (const format of FORMATS) encoded[format] = await gradient(3).toFormat(format).toBuffer()
})

const refusal = (message: string | RegExp) =>
  expect.objectContaining({
    code: 'invalid_image',
    retryable: false,
    message: expect.stringMatching(message),
  })

describe('an image that is refused', () => {
  const notImages: [string, Buffer][] = [
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')],
    ['an SVG with a prologue', Buffer.from('<?xml version="1.0"?><svg width="9" height="9"/>')],
    ['a GIF', Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64')],
    ['a little-endian TIFF', Buffer.from('II*\0aaaaaaaaaaaa')],
    ['a PDF', Buffer.from('%PDF-1.7\n%')],
    ['an AVIF', Buffer.from('\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf')],
    ['a HEIC', Buffer.from('\0\0\0\x1cftypheic\0\0\0\0mif1heic')],
    ['a BMP', Buffer.from('BM\0\0\0\0')],
    ['a WAV, which is RIFF too', Buffer.from('RIFF\x24\0\0\0WAVEfmt ')],
    ['text', Buffer.from('hello')],
    ['a signature cut short', Buffer.from('89504e470d0a', 'hex')],
  ]
  test.each(notImages)('%s', async (_name, bytes) => {
    await expect(inspect(bytes)).rejects.toEqual(refusal('must be a png, jpeg or webp'))
  })

  test('no bytes', async () => {
    await expect(inspect(new Uint8Array())).rejects.toEqual(refusal('empty'))
  })

  test('more bytes than allowed, however good', async () => {
    const padded = Buffer.concat([encoded.png, Buffer.alloc(MAX_BYTES)])
    await expect(inspect(padded)).rejects.toEqual(refusal(/has \d+ bytes; at most 10485760/))
  })

  test('a small file that decodes to more pixels than allowed', async () => {
    const create = { width: 6_000, height: 5_000, channels: 3 as const, background: '#000' }
    const bomb = await sharp({ create, limitInputPixels: false }).png({ palette: true }).toBuffer()
    expect(bomb.length).toBeLessThan(100_000)
    await expect(inspect(bomb)).rejects.toEqual(refusal('6000 x 5000 pixels; at most 25000000'))
  })

  test('a header that promises billions of pixels', async () => {
    await expect(inspect(makeRawPng(65_535, 65_535))).rejects.toEqual(refusal(/pixels|damaged/))
    await expect(inspect(makeRawPng(2 ** 31 - 1, 2 ** 31 - 1))).rejects.toEqual(
      refusal(/pixels|damaged/),
    )
  })

  test.each([
    [1, 25_000_000],
    [25_000_000, 1],
    [16_384, 1],
    [1, 16_384],
  ])('%d by %d pixels, however few they are and however few bytes they take', async (w, h) => {
    const refused = refusal(`${w} x ${h} pixels; at most 16383 on a side`)
    await expect(inspect(makeRawPng(w, h))).rejects.toEqual(refused)
    const recognition = createRecognition('perceptual', { maxPixels: 25_000_000 })
    await expect(recognition.print(makeRawPng(w, h))).rejects.toEqual(refused)
  })

  test.each([
    [1, 16_383],
    [16_383, 1],
  ])('but not %d by %d pixels', async (width, height) => {
    const create = { width, height, channels: 3 as const, background: '#888' }
    const narrow = await sharp({ create }).png().toBuffer()
    await expect(inspect(narrow)).resolves.toMatchObject({ width, height })
  })

  test.each(FORMATS)('a %s cut short anywhere', async (format) => {
    const whole = encoded[format]
    for (const part of [0.1, 0.3, 0.5, 0.7, 0.9, 0.98]) {
      const cut = whole.subarray(0, Math.floor(whole.length * part))
      await expect(inspect(cut)).rejects.toEqual(refusal('damaged'))
    }
  })

  test('an animated webp', async () => {
    const frames = [encoded.png, await sharp(encoded.png).negate().png().toBuffer()]
    const animated = await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer()
    await expect(inspect(animated)).rejects.toEqual(refusal('animated'))
  })

  test('an animated png', async () => {
    const headerEnd = 8 + 25
    const control = pngChunk('acTL', Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]))
    const parts = [encoded.png.subarray(0, headerEnd), control, encoded.png.subarray(headerEnd)]
    await expect(inspect(Buffer.concat(parts))).rejects.toEqual(refusal('animated'))
  })
})

test('whatever is made of an image, it is taken or it is an invalid image', async () => {
  const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), by: fc.nat(255) })
  const changed = fc
    .tuple(fc.constantFrom(...FORMATS), fc.array(change, { minLength: 1, maxLength: 8 }))
    .map(([format, changes]) => {
      const bytes = Buffer.from(encoded[format])
      for (const { at, by } of changes) {
        const place = Math.floor(at * (bytes.length - 1))
        bytes.writeUInt8(bytes.readUInt8(place) ^ by, place)
      }
      return bytes
    })
  const { print } = createRecognition('pixels', { maxPixels: 25_000_000 })
  await fc.assert(
    fc.asyncProperty(changed, async (bytes) => {
      for (const work of [inspect(bytes), print(bytes)]) {
        const error = await work.then(
          () => undefined,
          (reason: unknown) => reason,
        )
        if (error === undefined) continue
        expect(error).toBeInstanceOf(AppError)
        expect(error).toMatchObject({ code: 'invalid_image' })
      }
    }),
  )
})
