import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import sharp from 'sharp'
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from 'thumbhash'
import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { AppError } from '../../src/lib/errors.ts'
import { FORMATS, type Format, gradient, HEIGHT, WIDTH } from '../support/gradient.ts'

const MAX_BYTES = 10 * 1024 * 1024
const inspect = createInspectImage({ maxBytes: MAX_BYTES, maxPixels: 25_000_000 })

const pixelsOf = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer()
const encoded: Record<Format, Buffer> = {} as Record<Format, Buffer>
beforeAll(async () => {
  for (const format of FORMATS) encoded[format] = await gradient(3).toFormat(format).toBuffer()
})

describe('an image that is taken', () => {
  test.each(FORMATS)('a %s stays one, measured and with its digest', async (format) => {
    const image = await inspect(encoded[format])
    expect(image).toMatchObject({ mimeType: `image/${format}`, width: WIDTH, height: HEIGHT })
    expect(image.digest).toBe(createHash('sha256').update(image.bytes).digest('hex'))
    await expect(sharp(image.bytes).metadata()).resolves.toMatchObject({ format, width: WIDTH })
  })

  test.each(FORMATS)('equal %s input gives equal output, side by side too', async (format) => {
    const images = await Promise.all(Array.from({ length: 8 }, () => inspect(encoded[format])))
    expect(new Set(images.map(({ digest }) => digest)).size).toBe(1)
    expect(new Set(images.map(({ thumbhash }) => thumbhash)).size).toBe(1)
  })

  test('a png keeps every pixel, also the colours under transparent ones', async () => {
    const original = await gradient(4).png().toBuffer()
    const image = await inspect(original)
    expect(Buffer.compare(await pixelsOf(image.bytes), await pixelsOf(original))).toBe(0)
  })

  test('a lossless webp keeps every pixel, with and without metadata before them', async () => {
    for (const source of [gradient(4), gradient(3).withExif({ IFD0: { Copyright: 'me' } })]) {
      const original = await source.webp({ lossless: true, exact: true }).toBuffer()
      const image = await inspect(original)
      expect(Buffer.compare(await pixelsOf(image.bytes), await pixelsOf(original))).toBe(0)
    }
  })

  test('an image comes out unchanged when it goes in again', async () => {
    const once = await inspect(encoded.png)
    await expect(inspect(once.bytes)).resolves.toEqual(once)
  })

  test.each(FORMATS)('what is hidden in and behind a %s is gone', async (format) => {
    const exif = {
      IFD0: { Copyright: 'SECRET-OWNER' },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 0/1' },
    }
    const tagged = await gradient(3)
      .withExif(exif)
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET-XMP</x:xmpmeta>')
      .toFormat(format)
      .toBuffer()
    expect((await sharp(tagged).metadata()).exif?.includes('SECRET-OWNER')).toBe(true)
    const image = await inspect(Buffer.concat([tagged, Buffer.from('<script>SECRET</script>')]))
    const { exif: exifLeft, xmp, icc, iptc } = await sharp(image.bytes).metadata()
    expect([exifLeft, xmp, icc, iptc]).toEqual([undefined, undefined, undefined, undefined])
    expect(Buffer.from(image.bytes).includes('SECRET')).toBe(false)
  })

  test.each(FORMATS)('a %s that lies on its side is turned upright', async (format) => {
    const red = { r: 255, g: 0, b: 0 }
    const lying = await sharp({
      create: { width: 60, height: 20, channels: 3, background: 'blue' },
    })
      .composite([
        {
          input: { create: { width: 20, height: 20, channels: 3, background: red } },
          left: 0,
          top: 0,
        },
      ])
      .withMetadata({ orientation: 6 })
      .toFormat(format)
      .toBuffer()
    const image = await inspect(lying)
    expect(image).toMatchObject({ width: 20, height: 60 })
    expect((await sharp(image.bytes).metadata()).orientation).toBeUndefined()
    const [top, bottom] = [await pixelAt(image.bytes, 5, 5), await pixelAt(image.bytes, 5, 55)]
    expect(top.red).toBeGreaterThan(200)
    expect(bottom.red).toBeLessThan(50)
  })

  const pixelAt = async (bytes: Uint8Array, left: number, top: number) => {
    const area = sharp(bytes).extract({ left, top, width: 1, height: 1 }).removeAlpha().raw()
    const [red = -1, green = -1, blue = -1] = await area.toBuffer()
    return { red, green, blue }
  }

  const unusual: [string, () => Promise<Buffer>][] = [
    ['a 16-bit png', () => gradient(3).toColourspace('rgb16').png().toBuffer()],
    ['a 16-bit grey png', () => gradient(3).toColourspace('grey16').png().toBuffer()],
    ['a grey png', () => gradient(3).greyscale().png().toBuffer()],
    ['a png with a palette', () => gradient(3).png({ palette: true }).toBuffer()],
    ['an interlaced png', () => gradient(4).png({ progressive: true }).toBuffer()],
    ['a CMYK jpeg', () => gradient(3).toColourspace('cmyk').jpeg().toBuffer()],
    ['a grey jpeg', () => gradient(3).greyscale().jpeg().toBuffer()],
    ['a progressive jpeg', () => gradient(3).jpeg({ progressive: true }).toBuffer()],
    ['a webp with alpha', () => gradient(4).webp().toBuffer()],
    ['a wide-gamut png', () => gradient(3).withIccProfile('p3').png().toBuffer()],
    ['a wide-gamut jpeg', () => gradient(3).withIccProfile('p3').jpeg().toBuffer()],
  ]
  test.each(unusual)('%s becomes 8-bit sRGB that looks the same', async (_name, create) => {
    const original = await create()
    const image = await inspect(original)
    const metadata = await sharp(image.bytes).metadata()
    expect(metadata).toMatchObject({ depth: 'uchar', width: WIDTH, height: HEIGHT })
    expect(['srgb', 'b-w']).toContain(metadata.space)
    expect(metadata.icc).toBeUndefined()
    const [before, after] = [await rgbOf(original), await rgbOf(image.bytes)]
    expect(after.length).toBe(before.length)
    const differences = before.map((value, at) => Math.abs(value - (after[at] ?? 999)))
    expect(differences.reduce((sum, difference) => sum + difference) / before.length).toBeLessThan(
      5,
    )
  })

  const rgbOf = async (bytes: Uint8Array) => {
    const pixels = sharp(bytes).toColourspace('srgb').removeAlpha().raw()
    return Array.from(await pixels.toBuffer())
  }

  test.each([
    [1, 1],
    [1, 300],
    [5_000, 1],
    [300, 200],
  ])('a %i x %i image has a thumbhash', async (width, height) => {
    const background = { r: 200, g: 100, b: 50 }
    const bytes = await sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer()
    const hash = Buffer.from((await inspect(bytes)).thumbhash, 'base64')
    expect(hash.length).toBeGreaterThan(4)
    expect(hash.length).toBeLessThanOrEqual(25)
    const { r, g, b } = thumbHashToAverageRGBA(hash)
    expect([r * 255, g * 255, b * 255].map((value) => Math.round(value / 50))).toEqual([4, 2, 1])
    expect(thumbHashToApproximateAspectRatio(hash) >= 1).toBe(width >= height)
  })
})

describe('whatever is sent', () => {
  /** Taken or refused; nothing else may come out. */
  const expectAnAnswer = async (bytes: Uint8Array) => {
    const outcome = await inspect(bytes).catch((error: unknown) => error)
    if (outcome instanceof AppError) expect(outcome.code).toBe('invalid_image')
    else expect(outcome).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
  }

  test('random bytes behind a good signature are answered', async () => {
    const signatures = fc.constantFrom(
      Buffer.from('89504e470d0a1a0a', 'hex'),
      Buffer.from('ffd8ffe0', 'hex'),
      Buffer.from('RIFF\xff\0\0\0WEBPVP8 ', 'latin1'),
      Buffer.alloc(0),
    )
    await fc.assert(
      fc.asyncProperty(signatures, fc.uint8Array({ maxLength: 500 }), (signature, bytes) =>
        expectAnAnswer(Buffer.concat([signature, bytes])),
      ),
    )
  })

  test('images with bytes changed, cut or repeated are answered', async () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.uint8Array({ maxLength: 8 }),
      skipped: fc.nat(8),
    })
    const format = fc.constantFrom(...FORMATS)
    await fc.assert(
      fc.asyncProperty(
        format,
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (name, changes) => {
          let bytes: Buffer = encoded[name]
          for (const { at, bytes: inserted, skipped } of changes) {
            const position = Math.floor(at * bytes.length)
            const rest = bytes.subarray(position + skipped)
            bytes = Buffer.concat([bytes.subarray(0, position), inserted, rest])
          }
          return expectAnAnswer(bytes)
        },
      ),
      { numRuns: 300 },
    )
  })
})
