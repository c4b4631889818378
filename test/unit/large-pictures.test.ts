import { expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { withImage } from '../../src/lib/images.ts'

const MAX_PIXELS = 25_000_000

const draw = (width: number) =>
  sharp({ create: { width, height: 2_000, channels: 3, background: '#369' } })

/** How many pieces of work on this picture were under way at the same time. */
const countAtOnce = async (bytes: Buffer): Promise<number> => {
  let underWay = 0
  let most = 0
  const look = () =>
    withImage(bytes, { maxPixels: MAX_PIXELS }, async ({ image }) => {
      most = Math.max(most, ++underWay)
      await image.stats()
      underWay--
    })
  await Promise.all([look(), look(), look()])
  return most
}

test('large pictures are worked on one at a time, and others side by side', async () => {
  expect(await countAtOnce(await draw(2_600).png().toBuffer())).toBe(1)
  expect(await countAtOnce(await draw(20).png().toBuffer())).toBe(3)
})

test('one that fails gives its turn to the next', async () => {
  const bytes = await draw(2_600).png().toBuffer()
  const fail = withImage(bytes, { maxPixels: MAX_PIXELS }, async () => {
    throw new Error('no')
  })
  await expect(fail).rejects.toMatchObject({ code: 'invalid_image' })
  expect(await countAtOnce(bytes)).toBe(1)
})

test('a large webp without loss becomes a png of the same pixels', async () => {
  const inspect = createInspectImage({ maxBytes: 1e7, maxPixels: MAX_PIXELS })
  const webp = await draw(2_600).webp({ lossless: true, effort: 0 }).toBuffer()
  const image = await inspect(webp)
  expect(image).toMatchObject({ mimeType: 'image/png', width: 2_600, height: 2_000 })
  const pixels = await sharp(image.bytes).raw().toBuffer()
  expect(pixels.equals(await sharp(webp).raw().toBuffer())).toBe(true)
})
