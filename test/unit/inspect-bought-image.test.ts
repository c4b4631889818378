import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { findSignature } from '../../src/adapters/images/signatures.ts'
import { gradient, HEIGHT, WIDTH } from '../support/gradient.ts'

const inspect = createInspectImage({ maxBytes: 1e7, maxPixels: 25_000_000, takesAll: true })

const firstFrame = () => gradient(3).png().toBuffer()
const animate = async (format: 'gif' | 'webp') => {
  const frames = [await firstFrame(), await gradient(3).negate().png().toBuffer()]
  return sharp(frames, { join: { animated: true } })
    .toFormat(format)
    .toBuffer()
}

/** How far two pictures are apart, in levels of 255. */
const distance = async (a: Uint8Array, b: Uint8Array): Promise<number> => {
  const pixelsOf = (image: Uint8Array) => sharp(image).removeAlpha().raw().toBuffer()
  const [as, bs] = [await pixelsOf(a), await pixelsOf(b)]
  return as.reduce((sum, value, at) => sum + Math.abs(value - (bs[at] ?? 0)), 0) / as.length
}

describe('what was paid for', () => {
  test.each<[string, string, () => Promise<Buffer>]>([
    ['an avif', 'image/webp', () => gradient(3).avif({ quality: 90 }).toBuffer()],
    ['a gif', 'image/png', () => gradient(3).gif().toBuffer()],
    ['an animated gif', 'image/png', () => animate('gif')],
    ['an animated webp', 'image/webp', () => animate('webp')],
    ['a tiff', 'image/png', () => gradient(3).tiff({ compression: 'lzw' }).toBuffer()],
    ['a tiff of 16 bits', 'image/png', () => gradient(3).toColourspace('rgb16').tiff().toBuffer()],
    ['a tiff for print', 'image/png', () => gradient(3).toColourspace('cmyk').tiff().toBuffer()],
  ])('is read though it is %s, and served as %s', async (_name, mimeType, make) => {
    const bytes = await make()
    const image = await inspect(bytes)
    expect(image).toMatchObject({ mimeType, width: WIDTH, height: HEIGHT })
    expect(await distance(image.bytes, await firstFrame())).toBeLessThan(25)
  })

  test.each([
    ['<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', 'an svg or xml'],
    ['<?xml version="1.0"?>\n<!-- x -->\n<svg/>', 'an svg or xml'],
    ['<!doctype html><title>502</title>', 'html'],
    ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'a heic'],
    ['\0\0\0\x18ftypmp42\0\0\0\0mp42isom', 'a video'],
    ['BM\x36\0\0\0\0\0\0\0', 'a bmp'],
    ['\0\0\0\x0cJXL \r\n\x87\n', 'a jpeg xl'],
    ['%PDF-1.7', 'a pdf'],
    ['I am sorry', 'text'],
    ['\x01\x02\x03', 'of an unknown kind'],
  ])('is named where nothing reads it: %j is %s', async (start, name) => {
    const bytes = Buffer.from(start, 'latin1')
    expect(findSignature(bytes)).toEqual({ name, isReadable: false })
    await expect(inspect(bytes)).rejects.toMatchObject({ code: 'invalid_image' })
  })

  test('is refused where it is cut short, whatever it is', async () => {
    for (const make of [
      () => gradient(3).avif(),
      () => gradient(3).gif(),
      () => gradient(3).tiff(),
    ]) {
      const whole = await make().toBuffer()
      const cut = whole.subarray(0, Math.floor(whole.length * 0.6))
      await expect(inspect(cut)).rejects.toMatchObject({ code: 'invalid_image' })
    }
  })
})
