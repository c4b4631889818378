import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { createLocalProvider } from '../../src/adapters/providers/local.ts'
import { aspectRatioSchema } from '../../src/contract/vocabulary.ts'
import type { EncodedImage, ProviderRequest } from '../../src/generation/ports.ts'
import { ProviderError } from '../../src/lib/errors.ts'

const provider = createLocalProvider()

const render = async (request: Partial<ProviderRequest> = {}): Promise<Uint8Array> => {
  const whole: ProviderRequest = {
    prompt: 'a heron in the reeds',
    transformation: 'generate',
    model: provider.defaultModel,
    imageSize: '1K',
    conditionImages: [],
    ...request,
  }
  return (await provider.call(whole, new AbortController().signal)).bytes
}

const sizeOf = async (bytes: Uint8Array) => {
  const { width, height, format } = await sharp(bytes).metadata()
  return { width, height, format }
}

/** The mean colour of the upper third, where no words stand. */
const skyOf = async (bytes: Uint8Array) => {
  const { width, height } = await sharp(bytes).metadata()
  const sky = sharp(bytes).extract({ left: 0, top: 0, width, height: Math.floor(height / 3) })
  const [r = 0, g = 0, b = 0] = await sharp(await sky.toBuffer())
    .resize(1, 1, { fit: 'fill' })
    .raw()
    .toBuffer()
  return { r, g, b }
}

/** How much of the lower half has the white of the words. */
const shareOfInk = async (bytes: Uint8Array): Promise<number> => {
  const { width, height } = await sharp(bytes).metadata()
  const half = { left: 0, top: Math.floor(height / 2), width, height: Math.floor(height / 2) }
  const { data, info } = await sharp(bytes)
    .extract(half)
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return data.filter((level) => level > 235).length / (info.width * info.height)
}

const aPhoto = async (width: number, height: number): Promise<EncodedImage> => ({
  bytes: await sharp({ create: { width, height, channels: 3, background: '#00ff00' } })
    .png()
    .toBuffer(),
  mimeType: 'image/png',
})

/** How much of the picture has the green of `aPhoto`. */
const shareOfPhoto = async (bytes: Uint8Array): Promise<number> => {
  const { data, info } = await sharp(bytes)
    .resize(100, 100, { fit: 'fill' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const pixels = Array.from({ length: info.width * info.height }, (_, pixel) => pixel * 3)
  const isGreen = (at: number) =>
    (data[at] ?? 0) < 40 && (data[at + 1] ?? 0) > 200 && (data[at + 2] ?? 0) < 40
  return pixels.filter(isGreen).length / pixels.length
}

test('the renderer says what it is, and costs nothing', async () => {
  expect(provider).toMatchObject({ name: 'local', defaultModel: 'local-renderer-1' })
  expect(provider.models).toEqual([
    {
      name: 'local-renderer-1',
      provider: 'local',
      priceUsd: { '1K': 0, '2K': 0, '4K': 0 },
      aspectRatios: aspectRatioSchema.options,
      maxConditionImages: 14,
      thinkingLevels: ['minimal', 'low', 'medium', 'high'],
      takesSeed: true,
      takesSafetySettings: true,
      takesTurns: true,
    },
  ])
  const request = {
    prompt: 'x',
    transformation: 'generate',
    model: 'local-renderer-1',
    conditionImages: [],
  } as const
  const signal = new AbortController().signal
  expect((await provider.call({ ...request, imageSize: '1K' }, signal)).costNanoUsd).toBe(0)
})

describe('a picture', () => {
  test('is the same for equal requests, also from another renderer', async () => {
    const first = await render()
    expect(Buffer.compare(first, await render())).toBe(0)
    const request = {
      prompt: 'a heron in the reeds',
      transformation: 'generate',
      model: 'm',
      conditionImages: [],
    } as const
    const signal = new AbortController().signal
    const other = await createLocalProvider().call({ ...request, imageSize: '1K' }, signal)
    expect(Buffer.compare(first, other.bytes)).toBe(0)
  })

  test.each([
    ['prompt', { prompt: 'an egret' }],
    ['variation of the same prompt', { variation: 'regenerated' }],
    ['seed', { details: { seed: 7 } }],
    ['thought', { details: { thinkingLevel: 'high' as const } }],
    ['word that is not to be seen', { details: { negativePrompt: 'boats' } }],
    ['request of the provider', { providerRequest: { body: { a: 1 }, images: [] } }],
  ])('differs for another %s', async (_, other) => {
    expect(Buffer.compare(await render(), await render(other))).not.toBe(0)
    expect(await skyOf(await render())).not.toEqual(await skyOf(await render(other)))
  })

  test('shows the same scene at another size', async () => {
    const [small, large] = await Promise.all([render(), render({ imageSize: '2K' })])
    const [a, b] = [await skyOf(small), await skyOf(large)]
    expect(Math.abs(a.r - b.r) + Math.abs(a.g - b.g) + Math.abs(a.b - b.b)).toBeLessThan(6)
  })

  test.each(aspectRatioSchema.options)(
    'has the aspect ratio %s, 1,024 at the long edge',
    async (ratio) => {
      const [w = 1, h = 1] = ratio.split(':').map(Number)
      const { width, height } = await sizeOf(await render({ aspectRatio: ratio }))
      expect(Math.max(width, height)).toBe(1024)
      expect(Math.abs(width / height - w / h)).toBeLessThan(0.01)
    },
  )

  test('is a square webp when nothing is said', async () => {
    expect(await sizeOf(await render())).toEqual({ width: 1024, height: 1024, format: 'webp' })
  })

  test.each([
    ['2K', 2048],
    ['4K', 4096],
  ] as const)('at %s has %i at the long edge', async (imageSize, width) => {
    const size = await sizeOf(await render({ imageSize, aspectRatio: '16:9' }))
    expect(size).toMatchObject({ width, height: (width * 9) / 16 })
  })

  test('takes its colours from the words', async () => {
    const blue = await skyOf(await render({ prompt: 'a blue boat' }))
    expect(blue.b).toBeGreaterThan(blue.r + 30)
    const red = await skyOf(await render({ prompt: 'a red boat' }))
    expect(red.r).toBeGreaterThan(red.b + 30)
    const white = await skyOf(await render({ prompt: 'a white boat' }))
    const black = await skyOf(await render({ prompt: 'a black boat' }))
    expect(white.g).toBeGreaterThan(black.g + 30)
  })

  test.each([
    ['Latin', 'a HERON, quietly; 12:30 & on'],
    ['Latin with marks', 'Häßliche Größe: žluťoučký kůň, chó sói đỏ'],
    ['Cyrillic', 'рыжая лиса СПИТ на снегу'],
    ['Greek', 'ο κόκκινος λύκος ΚΟΙΜΆΤΑΙ'],
  ])('has words in %s', async (_, prompt) => {
    const wordless = await shareOfInk(await render({ prompt: '狐' }))
    expect(wordless).toBeGreaterThan(0)
    expect(await shareOfInk(await render({ prompt }))).toBeGreaterThan(wordless * 4)
  })

  test.each([
    ['Chinese and an emoji', '一只红色的狐狸 🦊'],
    ['Arabic', 'ثعلب أحمر نائم في الثلج'],
    ['Hindi and Thai', 'लाल लोमड़ी จิ้งจอกแดง'],
    ['Cyrillic, Greek, Czech and Vietnamese', 'рыжая λύκος žluťoučký chó sói đỏ'],
    ['markup', '</text><script>alert("x")</script> & "quotes"'],
    ['one long word', 'x'.repeat(4_000)],
    ['4,000 characters', 'lorem ipsum '.repeat(333)],
    ['punctuation alone', '…!?'],
  ])('is made of a prompt in %s', async (_, prompt) => {
    expect(await sizeOf(await render({ prompt }))).toMatchObject({ width: 1024, height: 1024 })
  })
})

describe('a condition image', () => {
  test('gives its ratio, and is seen in the picture', async () => {
    const bytes = await render({ conditionImages: [await aPhoto(600, 400)] })
    expect(await sizeOf(bytes)).toMatchObject({ width: 1024, height: 683 })
    const share = await shareOfPhoto(bytes)
    expect(share).toBeGreaterThan(0.15)
    expect(share).toBeLessThan(0.6)
  })

  test('fills the picture when it is to be enhanced', async () => {
    const conditionImages = [await aPhoto(400, 600)]
    const bytes = await render({ transformation: 'enhance', conditionImages })
    expect(await sizeOf(bytes)).toMatchObject({ width: 683, height: 1024 })
    expect(await shareOfPhoto(bytes)).toBeGreaterThan(0.5)
  })

  test('yields to the ratio that was asked for', async () => {
    const bytes = await render({ conditionImages: [await aPhoto(600, 400)], aspectRatio: '9:16' })
    expect(await sizeOf(bytes)).toMatchObject({ width: 576, height: 1024 })
  })

  test('of one pixel by many still makes a picture', async () => {
    const bytes = await render({ conditionImages: [await aPhoto(1, 900)] })
    expect(await sizeOf(bytes)).toMatchObject({ width: 256, height: 1024 })
  })

  test('of several counts, in its place, also where it is of an earlier turn', async () => {
    const [one, two] = [await aPhoto(60, 40), await aPhoto(40, 60)]
    const pictures = await Promise.all([
      render({ conditionImages: [one, two] }),
      render({ conditionImages: [two, one] }),
      render({ conditionImages: [one, one] }),
      render({ conditionImages: [one], details: { turns: [{ role: 'user', images: [two] }] } }),
    ])
    const digests = pictures.map((bytes) => createHash('sha256').update(bytes).digest('hex'))
    expect(new Set(digests).size).toBe(4)
  })

  test('that does not decode is an invalid request', async () => {
    const conditionImage: EncodedImage = { bytes: Uint8Array.of(1, 2, 3), mimeType: 'image/png' }
    const error = await render({ conditionImages: [conditionImage] }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ code: 'invalid_request', retryable: false })
  })
})

describe("the caller's signal", () => {
  const request: ProviderRequest = {
    prompt: 'a heron',
    transformation: 'generate',
    model: 'local-renderer-1',
    imageSize: '1K',
    conditionImages: [],
  }

  test('aborted before, ends the call with its reason', async () => {
    const reason = new Error('canceled')
    await expect(provider.call(request, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('aborted while drawing, ends the call with its reason', async () => {
    const caller = new AbortController()
    const result = provider.call(request, caller.signal)
    const reason = new Error('canceled')
    caller.abort(reason)
    await expect(result).rejects.toBe(reason)
  })
})

test('loading the renderer does not load the image library', async () => {
  const script = `
    await import('./src/adapters/providers/local.ts').then(({ createLocalProvider }) => createLocalProvider())
    console.log(process.report.getReport().sharedObjects.filter((path) => path.includes('sharp')).length)`
  const node = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')])
  expect(output.trim()).toBe('0')
})
