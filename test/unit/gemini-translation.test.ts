import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { toGeminiRequest } from '../../src/adapters/providers/gemini-request.ts'
import {
  conditionImagesOf,
  type GenerationRequest,
  generationRequestSchema,
} from '../../src/contract/generation-request.ts'
import type { Wanted } from '../../src/features/gateway/gateway.ts'
import { asksForPicture } from '../../src/features/gateway/gemini/asks-for-picture.ts'
import { canonicalize } from '../../src/features/gateway/gemini/canonical-body.ts'
import type { Json } from '../../src/features/gateway/gemini/json.ts'
import { NO_SIGNATURE, toWanted } from '../../src/features/gateway/gemini/to-wanted.ts'
import { watchUsage } from '../../src/features/gateway/gemini/watch-usage.ts'

const MODEL = 'gemini-nano-banana-2.1'
const IMAGES = ['AAAA', 'AAEC', '////']

const text = fc.oneof(
  fc.constantFrom('a kite', 'a  boat ', ' two\nlines', '10²', '', ' ', 'x'.repeat(40_000)),
  fc.string({ unit: 'binary' }),
)
const inlineData = fc
  .constantFrom(...IMAGES)
  .map((data) => ({ inlineData: { mimeType: 'image/png', data } }))
const part = fc.oneof({ weight: 2, arbitrary: text.map((each) => ({ text: each })) }, inlineData)
const signed = fc
  .tuple(part, fc.constantFrom(NO_SIGNATURE, 'c2lnbmF0dXJl', undefined))
  .map(([each, signature]) => ({ ...each, ...(signature && { thoughtSignature: signature }) }))
const parts = fc.oneof(
  // As ours has them, and in any order.
  fc
    .tuple(text, fc.array(inlineData, { maxLength: 3 }))
    .map(([each, images]) => [{ text: each }, ...images]),
  fc.array(part, { minLength: 1, maxLength: 4 }),
)
const turn = fc.oneof(
  parts.map((each) => ({ role: 'user', parts: each })),
  fc.array(signed, { minLength: 1, maxLength: 3 }).map((each) => ({ role: 'model', parts: each })),
)
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const config = fc.record(
  {
    responseModalities: fc.constantFrom(['IMAGE'], ['TEXT', 'IMAGE'], ['IMAGE', 'TEXT']),
    imageConfig: fc.record(
      {
        aspectRatio: fc.constantFrom('16:9', '1:1', '7:5'),
        imageSize: fc.constantFrom('1K', '2K', '512'),
      },
      { requiredKeys: [] },
    ),
    seed: fc.constantFrom(0, 7, -1, 2 ** 31, 1.5),
    thinkingConfig: fc.record(
      { thinkingLevel: fc.constantFrom('LOW', 'high', 'DEEP'), includeThoughts: fc.boolean() },
      { requiredKeys: [] },
    ),
    temperature: fc.constantFrom(0, 1),
    candidateCount: fc.constant(1),
  },
  { requiredKeys: [] },
)
const safety = fc.subarray([
  { category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' },
  { category: 'HARM_CATEGORY_DANGEROUS_CONTENT', threshold: 'BLOCK_ONLY_HIGH' },
  { category: 'HARM_CATEGORY_OTHER', threshold: 'BLOCK_NONE' },
])
const body = fc
  .record({
    before: fc.array(turn, { maxLength: 2 }),
    last: parts.map((each) => ({ role: 'user', parts: each })),
    generationConfig: maybe(config),
    safetySettings: maybe(safety),
    systemInstruction: maybe(fc.constant({ parts: [{ text: 'Draw with coal.' }] })),
  })
  .map(({ before, last, ...rest }) => ({ contents: [...before, last], ...withoutUndefined(rest) }))

const withoutUndefined = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const stored = (data: string) => ({
  bytes: Buffer.from(data, 'base64'),
  mimeType: 'image/png' as const,
})

/** What the provider is sent for what a body is translated to, by the code that sends it. */
const send = (wanted: Wanted): unknown => {
  const { providerRequest, number: _, ...own } = wanted
  const request: GenerationRequest = generationRequestSchema.parse(own)
  const { prompt, transformation, aspectRatio, imageSize = '1K', turns, ...said } = request
  return toGeminiRequest({
    prompt,
    transformation,
    conditionImages: conditionImagesOf(request).map(stored),
    model: MODEL,
    aspectRatio,
    imageSize,
    details: {
      ...said,
      ...(turns && {
        turns: turns.map(({ images = [], ...each }) => ({ ...each, images: images.map(stored) })),
      }),
    },
    ...(providerRequest && {
      providerRequest: { ...providerRequest, images: providerRequest.images.map(stored) },
    }),
  })
}

/** But for what modalities are asked for, which ours always asks for both of. */
const compared = (given: unknown) => {
  const { responseModalities: _, ...generationConfig } = canonicalize(given).generationConfig
  return { ...canonicalize(given), generationConfig }
}

describe('a body that asks for a picture', () => {
  test('has the provider sent what the app sent, part by part, in its order', () => {
    fc.assert(
      fc.property(body, (given) => {
        expect(compared(send(toWanted(canonicalize(given), MODEL)))).toEqual(compared(given))
      }),
      { numRuns: 1_000 },
    )
  })

  test('is ours where ours says the same, and only there', () => {
    const isOwn = (given: object) =>
      toWanted(canonicalize(given), MODEL).providerRequest === undefined
    const user = (...each: object[]) => ({ contents: [{ parts: each }] })
    const image = { inlineData: { mimeType: 'image/png', data: 'AAAA' } }
    expect(isOwn(user({ text: 'a kite' }))).toBe(true)
    expect(isOwn(user({ text: 'a kite' }, image, image))).toBe(true)
    expect(isOwn(user(image, { text: 'a kite' }))).toBe(false)
    expect(isOwn(user({ text: 'a' }, { text: 'kite' }))).toBe(false)
    expect(isOwn(user(image))).toBe(false)
    expect(isOwn({ ...user({ text: 'a kite' }), systemInstruction: 'Draw with coal.' })).toBe(false)
    const talk = (thoughtSignature: string) => ({
      contents: [
        { role: 'user', parts: [{ text: 'a kite' }] },
        { role: 'model', parts: [{ ...image, thoughtSignature }] },
        { role: 'user', parts: [{ text: 'a red one' }] },
      ],
    })
    expect(isOwn(talk(NO_SIGNATURE))).toBe(true)
    expect(isOwn(talk('c2lnbmF0dXJl'))).toBe(false)
  })

  test('is the same one however it is written', () => {
    const shuffled = (value: Json): Json => {
      if (Array.isArray(value)) return value.map(shuffled)
      if (typeof value !== 'object' || value === null) return value
      const entries = Object.entries(value).reverse()
      const snake = (name: string) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
      return Object.fromEntries(entries.map(([name, inner]) => [snake(name), shuffled(inner)]))
    }
    fc.assert(
      fc.property(body, (given) => {
        const { safetySettings = [], ...rest } = given as { safetySettings?: Json[] }
        const other = shuffled({
          ...(rest as Record<string, Json>),
          safetySettings: [...safetySettings].reverse(),
          tools: [],
          model: `models/${MODEL}`,
          serviceTier: 'standard',
        })
        expect(toWanted(canonicalize(other), MODEL)).toEqual(toWanted(canonicalize(given), MODEL))
      }),
      { numRuns: 300 },
    )
  })

  test.each<[string, object, object]>([
    [
      'no role',
      { contents: [{ parts: [{ text: 'a' }] }] },
      { contents: [{ role: 'USER', parts: [{ text: 'a' }] }] },
    ],
    [
      'a size that is the usual one',
      { contents: [{ parts: [{ text: 'a' }] }] },
      {
        contents: { parts: { text: 'a' } },
        generationConfig: {
          candidateCount: 1,
          imageConfig: { imageSize: '1K' },
          thinkingConfig: { includeThoughts: false },
          responseMimeType: 'text/plain',
          temperature: null,
        },
      },
    ],
    [
      'the newer name of the same two values',
      {
        contents: [{ parts: [{ text: 'a' }] }],
        generationConfig: { imageConfig: { aspectRatio: '3:2', imageSize: '2K' } },
      },
      {
        contents: [{ parts: [{ text: 'a' }] }],
        generation_config: {
          response_format: { image: { aspect_ratio: '3:2', image_size: '2K' } },
        },
      },
    ],
  ])('is the same one with %s', (_kind, one, other) => {
    expect(toWanted(canonicalize(other), MODEL)).toEqual(toWanted(canonicalize(one), MODEL))
  })

  test.each<[string, unknown]>([
    ['none', {}],
    ['a list', []],
    ['no part', { contents: [{ role: 'user', parts: [] }] }],
    ['the mark of ours', { contents: [{ parts: [{ inlineData: { data: { $image: 0 } } }] }] }],
    ['a part that is a word', { contents: [{ parts: ['a'] }] }],
  ])('is refused where it is %s', (_kind, given) => {
    expect(() => canonicalize(given)).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  test('names one picture, of a model that makes some or by its modalities', () => {
    const of = (fields: object, isImageModel = true) =>
      asksForPicture(
        canonicalize({ contents: [{ parts: [{ text: 'a' }] }], ...fields }),
        isImageModel,
      )
    expect(of({})).toBe(true)
    expect(of({}, false)).toBe(false)
    expect(of({ generationConfig: { responseModalities: ['image'] } }, false)).toBe(true)
    expect(of({ generationConfig: { responseModalities: ['TEXT'] } })).toBe(false)
    expect(of({ generationConfig: { candidateCount: 2 } })).toBe(false)
    expect(of({ tools: [{}] })).toBe(false)
    expect(of({ cached_content: 'c' })).toBe(false)
  })
})

describe('the count of tokens in an answer that goes by', () => {
  const see = (...chunks: string[]) => {
    const { see: seeChunk, find } = watchUsage()
    for (const chunk of chunks) seeChunk(Buffer.from(chunk))
    return find()
  }
  test('is the last one, however it is cut', () => {
    const answer =
      'data: {"usageMetadata":{"a":1}}\r\n\r\ndata: {"usageMetadata" : {"a":2,"d":[{"m":"IMAGE"}]},"x":{}}\r\n\r\n'
    for (let at = 0; at < answer.length; at++) {
      expect(see(answer.slice(0, at), answer.slice(at))).toEqual({ a: 2, d: [{ m: 'IMAGE' }] })
    }
    expect(see('x'.repeat(200_000), answer)).toMatchObject({ a: 2 })
  })

  test('is not what the words of it say', () => {
    const words = JSON.stringify({ text: '"usageMetadata":{"a":1}' })
    expect(see(words)).toBeUndefined()
    expect(see('{"usageMetadata": {"a":')).toBeUndefined()
  })
})
