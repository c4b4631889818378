import { deflateSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import sharp from 'sharp'
import { copyPicture } from '../../src/adapters/images/copy-picture.ts'
import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { AppError } from '../../src/lib/errors.ts'
import { gradient, HEIGHT, WIDTH } from '../support/gradient.ts'
import {
  findChunk,
  insertAt,
  jpegSegment,
  makeBomb,
  makeRawPng,
  PNG_HEADER_END,
  pngChunk,
} from '../support/pictures.ts'

const limits = { maxBytes: 1e7, maxPixels: 25_000_000, takesAll: true }
/** What the provider made. */
const inspect = createInspectImage({ ...limits, keepsEncoding: true })

let png: Buffer
let jpeg: Buffer
/** Without anything to leave out. */
let plain: { png: Uint8Array; jpeg: Uint8Array }
beforeAll(async () => {
  png = await gradient(4).png().toBuffer()
  jpeg = await gradient(3).jpeg().toBuffer()
  plain = { png: (await inspect(png)).bytes, jpeg: (await inspect(jpeg)).bytes }
})

const pixelsOf = (bytes: Uint8Array, failOn: 'error' | 'none' = 'error') =>
  sharp(bytes, { failOn }).raw().toBuffer()

const expectSamePixels = async (a: Uint8Array, b: Uint8Array) =>
  expect(Buffer.compare(await pixelsOf(a), await pixelsOf(b))).toBe(0)

const refused = { code: 'invalid_image', message: expect.stringContaining('damaged') }
const SECRET = Buffer.from('<!doctype html><script>alert("SECRET")</script>')
const [APP0, APP1, APP2, APP11, APP13, COMMENT] = [0xe0, 0xe1, 0xe2, 0xeb, 0xed, 0xfe]

describe('a picture that was bought', () => {
  test('is the same file where there is nothing to leave out', async () => {
    for (const bytes of [plain.png, plain.jpeg]) {
      const image = await inspect(bytes)
      expect(image.bytes).toBe(bytes)
      expect(image).toMatchObject({ width: WIDTH, height: HEIGHT })
    }
  })

  test.each<[string, () => Promise<Buffer>]>([
    ['an interlaced png', () => gradient(4).png({ progressive: true }).toBuffer()],
    ['a png with a palette', () => gradient(4).png({ palette: true }).toBuffer()],
    ['a grey png', () => gradient(3).greyscale().png().toBuffer()],
    ['a wide-gamut png', () => gradient(3).withIccProfile('p3').png().toBuffer()],
    ['a progressive jpeg', () => gradient(3).jpeg({ progressive: true }).toBuffer()],
    ['a grey jpeg', () => gradient(3).greyscale().jpeg().toBuffer()],
    [
      'a jpeg with all its colours',
      () => gradient(3).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
    ],
    ['a wide-gamut jpeg', () => gradient(3).withIccProfile('p3').jpeg().toBuffer()],
  ])('stays as it is encoded: %s', async (_name, make) => {
    const original = await make()
    const { bytes, mimeType } = await inspect(original)
    const [before, after] = [await sharp(original).metadata(), await sharp(bytes).metadata()]
    expect(`image/${before.format}`).toBe(mimeType)
    for (const field of ['isProgressive', 'chromaSubsampling', 'space'] as const) {
      expect(after[field]).toEqual(before[field])
    }
    expect(after.icc?.toString('hex')).toBe(before.icc?.toString('hex'))
    await expectSamePixels(original, bytes)
    expect(bytes.length).toBeLessThanOrEqual(original.length)
    await expect(inspect(bytes)).resolves.toMatchObject({ bytes })
  })

  test.each<[string, () => Promise<Buffer>]>([
    ['a png of 16 bits', () => gradient(3).toColourspace('rgb16').png().toBuffer()],
    ['a jpeg for print', () => gradient(3).toColourspace('cmyk').jpeg().toBuffer()],
  ])('is encoded anew where not every browser shows it alike: %s', async (_name, make) => {
    const { bytes } = await inspect(await make())
    const metadata = await sharp(bytes).metadata()
    expect(metadata).toMatchObject({ depth: 'uchar', space: 'srgb', width: WIDTH, height: HEIGHT })
    expect(metadata.icc).toBeUndefined()
  })

  test.each(['png', 'jpeg'] as const)(
    'a %s that lies on its side is turned upright',
    async (format) => {
      const lying = await gradient(3).withMetadata({ orientation: 6 }).toFormat(format).toBuffer()
      const image = await inspect(lying)
      expect(image).toMatchObject({ width: HEIGHT, height: WIDTH })
      expect((await sharp(image.bytes).metadata()).orientation).toBeUndefined()
      const upright = await sharp(lying).autoOrient().raw().toBuffer()
      const pixels = await pixelsOf(image.bytes)
      const apart = upright.reduce((sum, value, at) => sum + Math.abs(value - (pixels[at] ?? 0)), 0)
      expect(apart / upright.length).toBeLessThan(5)
    },
  )

  test.each(['png', 'jpeg'] as const)('has no words of its maker: a %s', async (format) => {
    const tagged = await gradient(3)
      .withExif({ IFD0: { Copyright: 'SECRET', Orientation: '1' } })
      .withXmp('<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET</x:xmpmeta>')
      .toFormat(format)
      .toBuffer()
    expect(tagged.includes('SECRET')).toBe(true)
    const { bytes } = await inspect(Buffer.concat([tagged, SECRET]))
    expect(Buffer.from(bytes).includes('SECRET')).toBe(false)
    const { exif, xmp } = await sharp(bytes).metadata()
    expect([exif, xmp]).toEqual([undefined, undefined])
    await expectSamePixels(tagged, bytes)
  })
})

describe('a png that was bought', () => {
  const before = ['tEXt', 'zTXt', 'iTXt', 'tIME', 'caBX', 'eXIf', 'abCd', 'acTL', 'fcTL']
  const behind = ['tEXt', 'fcTL', 'fdAT', 'gAMA', 'tRNS', 'iCCP']

  test('has nothing but what shows it, wherever it stood', async () => {
    const end = png.length - 12
    const spoilt = pngChunk('tEXt', SECRET)
    spoilt.writeUInt32BE(7, spoilt.length - 4)
    const polyglot = Buffer.concat([
      insertAt(
        insertAt(png, end, ...behind.map((name) => pngChunk(name, SECRET)), spoilt),
        PNG_HEADER_END,
        ...before.map((name) => pngChunk(name, SECRET)),
      ),
      SECRET,
      png,
    ])
    const { bytes } = await inspect(polyglot)
    expect(Buffer.compare(bytes, plain.png)).toBe(0)
  })

  test('keeps its colours, of the length that they have and no other', async () => {
    const gamma = pngChunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f]))
    const gammas = insertAt(Buffer.from(plain.png), PNG_HEADER_END, gamma)
    expect(Buffer.compare((await inspect(gammas)).bytes, gammas)).toBe(0)
    const hidden = insertAt(
      gammas,
      PNG_HEADER_END,
      pngChunk('cHRM', SECRET),
      pngChunk('sRGB', SECRET),
    )
    expect(Buffer.compare((await inspect(hidden)).bytes, gammas)).toBe(0)
  })

  test('is encoded anew where decoders may differ on it', async () => {
    const gamma = pngChunk('gAMA', Buffer.from([0, 0, 0xb1, 0x8f]))
    const middle = findChunk(png, 'IDAT')
    const data = png.subarray(middle + 8, png.length - 12 - 4)
    const halves = [data.subarray(0, 999), data.subarray(999)].map((half) => pngChunk('IDAT', half))
    const [head, end] = [png.subarray(0, middle), png.subarray(-12)]
    const join = (...pieces: (Buffer | undefined)[]) =>
      Buffer.concat([head, ...pieces.filter((piece) => piece !== undefined), end])
    for (const unclear of [
      insertAt(png, PNG_HEADER_END, gamma, gamma),
      join(halves[0], pngChunk('tEXt', SECRET), halves[1]),
      insertAt(png, png.length - 12, pngChunk('PLTE', Buffer.alloc(3))),
      Buffer.concat([png.subarray(0, -12), pngChunk('IEND', SECRET)]),
    ]) {
      const image = await inspect(unclear).catch((error: unknown) => error)
      if (image instanceof AppError) expect(image).toMatchObject(refused)
      else
        expect(Buffer.from((image as { bytes: Uint8Array }).bytes).includes('SECRET')).toBe(false)
    }
    await expectSamePixels((await inspect(join(...halves))).bytes, png)
  })

  test('is refused where pixels are missing or not those that were written, though every chunk is whole', async () => {
    const middle = findChunk(png, 'IDAT')
    const data = png.subarray(middle + 8, png.length - 12 - 4)
    const withData = (other: Buffer) =>
      Buffer.concat([png.subarray(0, middle), pngChunk('IDAT', other), png.subarray(-12)])
    await expect(inspect(withData(data.subarray(0, -40)))).rejects.toMatchObject(refused)
    const spoilt = Buffer.from(png)
    spoilt.writeUInt8(spoilt.readUInt8(middle + 500) ^ 1, middle + 500)
    await expect(inspect(spoilt)).rejects.toMatchObject(refused)
  })

  test('is refused where its last row is missing, whatever its size', async () => {
    const size = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1_500 }))
    await fc.assert(
      fc.asyncProperty(size, async ([width, height]) => {
        const create = { width, height, channels: 3 as const, background: '#369' }
        const whole = await sharp({ create }).png().toBuffer()
        const rows = deflateSync(Buffer.alloc((1 + 3 * width) * (height - 1)))
        const head = whole.subarray(0, findChunk(whole, 'IDAT'))
        const cut = Buffer.concat([head, pngChunk('IDAT', rows), whole.subarray(-12)])
        await expect(inspect(cut)).rejects.toMatchObject(refused)
      }),
    )
  })

  test('is refused before it is decoded where it has too many pixels', async () => {
    await expect(inspect(await makeBomb())).rejects.toMatchObject({
      message: expect.stringContaining('6000 x 5000 pixels'),
    })
    await expect(inspect(makeRawPng(16_384, 1))).rejects.toMatchObject({
      message: expect.stringContaining('at most 16383 on a side'),
    })
  })
})

describe('a jpeg that was bought', () => {
  /** With such segments behind its first bytes. */
  const withSegments = (...segments: Buffer[]) => insertAt(Buffer.from(plain.jpeg), 2, ...segments)
  const named = (name: string) => Buffer.concat([Buffer.from(name), SECRET])

  test('has nothing but what shows it: no comment, note, thumbnail or second picture', async () => {
    const { bytes } = await inspect(
      Buffer.concat([
        withSegments(
          jpegSegment(COMMENT, SECRET),
          jpegSegment(APP0, named('JFXX\0')),
          jpegSegment(APP1, named('http://ns.adobe.com/xap/1.0/\0')),
          jpegSegment(APP2, named('MPF\0')),
          jpegSegment(APP11, named('JP')),
          jpegSegment(APP13, named('Photoshop 3.0\0')),
        ),
        jpeg,
        SECRET,
      ]),
    )
    expect(Buffer.compare(bytes, plain.jpeg)).toBe(0)
  })

  test('loses the thumbnail in its first segment, and what Adobe’s has too much', async () => {
    const jfif = Buffer.from([0x4a, 0x46, 0x49, 0x46, 0, 1, 2, 0, 0, 1, 0, 1, 2, 1])
    const adobe = Buffer.from([0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 1])
    const tagged = withSegments(
      jpegSegment(APP0, Buffer.concat([jfif, Buffer.from('SECRET')])),
      jpegSegment(0xee, Buffer.concat([adobe, SECRET])),
    )
    const { bytes } = await inspect(tagged)
    const kept = [
      jpegSegment(APP0, Buffer.concat([jfif.subarray(0, -2), Buffer.alloc(2)])),
      jpegSegment(0xee, adobe),
    ]
    expect(Buffer.compare(bytes, withSegments(...kept))).toBe(0)
    await expectSamePixels(tagged, bytes)
  })

  test('is refused where it ends in the midst of its pixels', async () => {
    const half = jpeg.subarray(0, Math.floor(jpeg.length * 0.4))
    await expect(inspect(half)).rejects.toMatchObject(refused)
  })
})

type Change = { at: number; isEarly: boolean; piece: number; bytes: Uint8Array; skipped: number }

test('whatever is made of a picture, it is refused, or shows what it showed and nothing more', async () => {
  const pieces = {
    png: ['tEXt', 'acTL', 'fdAT', 'gAMA', 'iCCP', 'tRNS', 'IDAT', 'ABCD'].map((name) =>
      pngChunk(name, SECRET),
    ),
    jpeg: [APP0, APP1, APP2, 0xee, COMMENT, 0xda, 0xc4].map((marker) =>
      jpegSegment(marker, SECRET),
    ),
  }
  const change: fc.Arbitrary<Change> = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    /** Most of it near the beginning, where all but the pixels is. */
    isEarly: fc.boolean(),
    piece: fc.nat(30),
    bytes: fc.uint8Array({ maxLength: 4 }),
    skipped: fc.nat(4),
  })
  const mutate = (file: Buffer, format: 'png' | 'jpeg', { at, isEarly, ...made }: Change) => {
    const place = Math.floor(at * (isEarly ? Math.min(file.length, 700) : file.length))
    const piece = pieces[format][made.piece] ?? Buffer.from(made.bytes)
    return Buffer.concat([file.subarray(0, place), piece, file.subarray(place + made.skipped)])
  }
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('png' as const, 'jpeg' as const),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      async (format, changes) => {
        const original = { png, jpeg }[format]
        const mutant = changes.reduce((file, each) => mutate(file, format, each), original)
        const image = await inspect(mutant).catch((error: unknown) => error)
        if (image instanceof AppError) return expect(image.code).toBe('invalid_image')
        const { bytes } = image as { bytes: Uint8Array }
        const copy = copyPicture(mutant)
        // Else it was encoded anew.
        if (!copy || Buffer.compare(copy, bytes) !== 0) return
        expect(Buffer.compare((await inspect(bytes)).bytes, bytes)).toBe(0)
        const before = await pixelsOf(mutant, 'none').catch(() => undefined)
        if (before) expect(before.equals(await pixelsOf(bytes))).toBe(true)
      },
    ),
    { numRuns: 300 },
  )
})
