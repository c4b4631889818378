import { describe, expect, test } from '@jest/globals'
import {
  createImageIdempotencyKey,
  extractImageMetadata,
  type GenerationResult,
  type Identity,
  isValidImageUrl,
  shouldSkipImageGeneration,
} from '../../src/client.ts'
import vectors from '../support/identity-vectors.json' with { type: 'json' }

describe('a URL', () => {
  test.each([
    'https://images.example/images/g_0123.sig?v=1',
    'http://localhost:3000/images/g_0123.sig',
    '  https://cdn.example/a.webp ',
    '/images/g_0123.sig',
    '/images/g_0123.sig?wait=30',
    'https://cdn.example/displaceholders.png',
  ])('%j is of a picture', (url) => {
    expect(isValidImageUrl(url)).toBe(true)
    expect(shouldSkipImageGeneration(url)).toBe(true)
  })

  test.each([
    '',
    '   ',
    'undefined',
    ' null ',
    undefined,
    null,
    7,
    {},
    'data:image/png;base64,AAAA',
    'blob:https://app.example/1',
    'javascript:alert(1)',
    'JavaScript:alert(1)',
    'ftp://images.example/a.png',
    'https://',
    '/images/',
    '/other/a.png',
    '/images/../admin',
    'images/g_0123.sig',
    'https://via.placeholder.com/300',
    'https://cdn.example/img/placeholder-2.png',
    '/images/placeholder.svg',
  ])('%j is not', (url) => {
    expect(isValidImageUrl(url)).toBe(false)
    expect(shouldSkipImageGeneration(url)).toBe(false)
  })
})

test.each(vectors)(
  "the idempotency key is the server's for vector $#",
  async ({ identity, id }) => {
    expect(await createImageIdempotencyKey(identity as Identity)).toBe(id)
  },
)

describe('what an app keeps of a generation', () => {
  const generation: GenerationResult = {
    id: 'g_1',
    status: 'succeeded',
    imageUrl: 'https://images.example/images/g_1.s?v=1',
    prompt: 'a lake',
    transformation: 'generate',
    lane: 'interactive',
    isExisting: false,
    isConditioned: false,
    isPlaceholder: false,
    model: 'm',
    width: 10,
  }

  test('is where it is and how it came about', () => {
    expect(extractImageMetadata(generation)).toMatchObject({
      generationId: 'g_1',
      imageUrl: generation.imageUrl,
      prompt: 'a lake',
      model: 'm',
      width: 10,
    })
  })

  test("never has a placeholder's URL", () => {
    const failed = { ...generation, isPlaceholder: true }
    expect(extractImageMetadata(failed).imageUrl).toBeUndefined()
  })
})
