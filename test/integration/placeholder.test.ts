import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createPlaceholder } from '../../src/adapters/images/placeholder.ts'

const sizeOf = async (image: { bytes: Uint8Array }) => {
  const { width, height, format } = await sharp(image.bytes).metadata()
  return { width, height, format }
}

/** How far the lightest and the darkest grey are apart once the image lies on a page. */
const contrastOn = async (background: string, bytes: Uint8Array): Promise<number> => {
  const onPage = await sharp(bytes).flatten({ background }).greyscale().png().toBuffer()
  const { channels } = await sharp(onPage).stats()
  return (channels[0]?.max ?? 0) - (channels[0]?.min ?? 0)
}

describe.each(['pending', 'failed'] as const)('the placeholder: %s', (kind) => {
  test('is a small square webp when no ratio is asked for', async () => {
    const image = await createPlaceholder()(kind)
    expect(image.mimeType).toBe('image/webp')
    expect(await sizeOf(image)).toEqual({ width: 640, height: 640, format: 'webp' })
    expect(image.bytes.length).toBeLessThan(20_000)
  })

  test.each([
    [
      { width: 16, height: 9 },
      { width: 640, height: 360 },
    ],
    [
      { width: 9, height: 16 },
      { width: 360, height: 640 },
    ],
    [
      { width: 4096, height: 4096 },
      { width: 640, height: 640 },
    ],
    [
      { width: 1000, height: 1 },
      { width: 640, height: 160 },
    ],
    [
      { width: 0, height: 0 },
      { width: 640, height: 640 },
    ],
    [
      { width: -3, height: 2 },
      { width: 640, height: 640 },
    ],
    [
      { width: Number.NaN, height: 2 },
      { width: 640, height: 640 },
    ],
  ])('for %j is %j', async (ratio, size) => {
    expect(await sizeOf(await createPlaceholder()(kind, ratio))).toMatchObject(size)
  })

  test.each(['#ffffff', '#0e0f13'])('can be made out on a page of %s', async (background) => {
    const { bytes } = await createPlaceholder()(kind)
    expect(await contrastOn(background, bytes)).toBeGreaterThan(60)
  })
})

test('one that fails looks different from one that is on its way', async () => {
  const placeholder = createPlaceholder()
  const [pending, failed] = await Promise.all([placeholder('pending'), placeholder('failed')])
  expect(Buffer.compare(pending.bytes, failed.bytes)).not.toBe(0)
})

test('the same placeholder is drawn once', async () => {
  const placeholder = createPlaceholder()
  const ratio = { width: 4, height: 3 }
  expect(await placeholder('pending', ratio)).toBe(await placeholder('pending', { ...ratio }))
  expect(await placeholder('pending', ratio)).not.toBe(await placeholder('failed', ratio))
})

test('those of many ratios are not kept for ever', async () => {
  const placeholder = createPlaceholder()
  const first = await placeholder('pending', { width: 640, height: 300 })
  const others = Array.from({ length: 64 }, (_, step) => ({ width: 640, height: 301 + step }))
  const last = await Promise.all(others.map((ratio) => placeholder('pending', ratio)))
  expect(await placeholder('pending', { width: 640, height: 364 })).toBe(last.at(-1))
  expect(await placeholder('pending', { width: 640, height: 300 })).not.toBe(first)
})
