import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { drawMask } from '../../src/adapters/images/draw-mask.ts'
import { encodeAs } from '../../src/adapters/images/encode-as.ts'
import { findImageMimeType } from '../../src/lib/images.ts'
import { makePng } from '../support/pictures.ts'

const withAlpha = (pixels: number[]) =>
  sharp(Buffer.from(pixels.flatMap((alpha) => [9, 9, 9, alpha])), {
    raw: { width: pixels.length, height: 1, channels: 4 },
  })
    .png()
    .toBuffer()

describe('a mask', () => {
  test('is white where it is transparent, black where it is not, and the same each time', async () => {
    const mask = await withAlpha([255, 0, 128, 255])
    const drawn = await drawMask(mask, 'alice')
    expect([...(await sharp(drawn).greyscale().raw().toBuffer())]).toEqual([0, 255, 127, 0])
    expect(await drawMask(mask, 'bob')).toEqual(drawn)
  })

  test.each([
    ['has no transparency at all', () => makePng()],
    ['could be transparent and is nowhere', () => withAlpha([255, 255])],
    ['is no picture', async () => Buffer.from('no picture')],
  ])('that %s is refused', async (_how, make) => {
    const refused = expect.objectContaining({ code: 'invalid_image' })
    await expect(drawMask(await make(), 'alice')).rejects.toEqual(refused)
  })
})

describe('a picture in another format', () => {
  const png = async () => ({ bytes: await makePng('#123456', 32), mimeType: 'image/png' as const })

  test('is what was asked for, the same each time, and itself where it is that already', async () => {
    const image = await png()
    expect((await encodeAs(image, { format: 'image/png', quality: 5 }, 'alice')).bytes).toBe(
      image.bytes,
    )
    for (const format of ['image/jpeg', 'image/webp'] as const) {
      const encoded = await encodeAs(image, { format }, 'alice')
      expect([encoded.mimeType, findImageMimeType(encoded.bytes)]).toEqual([format, format])
      expect(await encodeAs(image, { format }, 'bob')).toEqual(encoded)
    }
  })

  test('takes any quality that OpenAI’s API knows', async () => {
    for (const quality of [0, 1, 100]) {
      for (const format of ['image/jpeg', 'image/webp'] as const) {
        const { bytes } = await encodeAs(await png(), { format, quality }, 'alice')
        expect(findImageMimeType(bytes)).toBe(format)
      }
    }
  })

  test('of a transparent one is white behind it as jpeg', async () => {
    const image = { bytes: await withAlpha([0, 0]), mimeType: 'image/png' as const }
    const { bytes } = await encodeAs(image, { format: 'image/jpeg', quality: 100 }, 'alice')
    expect([...(await sharp(bytes).raw().toBuffer())].every((value) => value > 250)).toBe(true)
  })
})
