import { describe, expect, jest, test } from '@jest/globals'
import { generationRequestSchema } from '../../src/contract/generation-request.ts'
import { requestOfRow } from '../../src/generation/submit/describe-details.ts'
import { resolveRequest } from '../../src/generation/submit/resolve-request.ts'
import { aModel } from '../support/models.ts'
import { aSeal } from '../support/seal.ts'

const model = aModel({
  provider: 'gemini',
  priceUsd: { '1K': 0.04, '2K': 0.05 },
  aspectRatios: ['1:1'],
  maxConditionImages: 3,
  thinkingLevels: ['low'],
})
const plain = aModel({
  provider: 'gemini',
  priceUsd: { '1K': 0.1 },
  maxConditionImages: 1,
  thinkingLevels: [],
  takesSeed: false,
  takesSafetySettings: false,
  takesTurns: false,
})
const providers = {
  find: () => undefined,
  defaultModel: 'a',
  models: [
    { ...model, name: 'a' },
    { ...plain, name: 'b' },
  ],
}

const HARASSMENT = { category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }

const resolve = (
  given: object = {},
  { owner = 'alice', key = undefined as string | undefined } = {},
) =>
  resolveRequest(
    {
      providers,
      seal: aSeal,
      resolveConditionImage: async (_ownerId, image) => ({ id: `i_${image}`, digest: image }),
    },
    owner,
    generationRequestSchema.parse({ prompt: 'a red bicycle', ...given }),
    key,
  )

const idOf = async (...args: Parameters<typeof resolve>) => (await resolve(...args)).generation.id

describe('two requests are one generation', () => {
  test.each<[string, object]>([
    ['that are equal', {}],
    ['whose prompts are spaced otherwise', { prompt: '  a  red\n bicycle ' }],
    ['of which one names the default model', { model: 'a' }],
    ['of which one names the default size', { imageSize: '1K' }],
    ['of which nobody waits for one', { lane: 'eager' }],
    ['of which one takes no similar image', { similarity: 'off' }],
    ['of which one wants it as a jpeg', { outputFormat: 'jpeg' }],
    ['of which one wants several', { n: 3 }],
  ])('%s', async (_name, given) => {
    expect(await idOf(given)).toBe(await idOf())
  })

  test.each<[string, object, object]>([
    ['of other owners', {}, { owner: 'bob' }],
    ['of other words', { prompt: 'a blue bicycle' }, {}],
    ['of another case', { prompt: 'A red bicycle' }, {}],
    ['of another model', { model: 'b' }, {}],
    ['of another size', { imageSize: '2K' }, {}],
    ['of another ratio', { aspectRatio: '1:1' }, {}],
    ['of another variant', { variant: 'dark' }, {}],
    ['of another condition image', { conditionImage: 'x' }, {}],
    ['of other condition images', { conditionImages: ['x', 'y'] }, {}],
    ['of another seed', { seed: 0 }, {}],
    ['of what is not to be seen', { negativePrompt: 'a boat' }, {}],
    ['of more thought', { thinkingLevel: 'low' }, {}],
    ['with other filters', { safetySettings: [HARASSMENT] }, {}],
    ['after another turn', { turns: [{ role: 'user', text: 'a boat' }] }, {}],
  ])('but not %s', async (_name, given, by) => {
    expect(await idOf(given, by)).not.toBe(await idOf())
  })
})

test('one image in a list is the request that names it alone', async () => {
  const [listed, alone] = [
    await resolve({ conditionImages: ['x'] }),
    await resolve({ conditionImage: 'x' }),
  ]
  expect({ ...listed.generation, objectKey: '' }).toEqual({ ...alone.generation, objectKey: '' })
  expect(alone.generation).toMatchObject({ conditionImageDigest: 'x', details: null })
})

test('every image of a request is resolved once, in order, and by where it stands', async () => {
  const resolveConditionImage = jest.fn(async (_ownerId: string, image: string) => ({
    id: `i_${image}`,
    digest: image,
  }))
  const request = generationRequestSchema.parse({
    prompt: 'a red bicycle',
    conditionImages: ['x', 'y'],
    turns: [{ role: 'user', images: ['x'] }],
  })
  const { generation } = await resolveRequest(
    { providers, seal: aSeal, resolveConditionImage },
    'alice',
    request,
    undefined,
  )
  expect(resolveConditionImage.mock.calls).toEqual([
    ['alice', 'x', '/conditionImages/0'],
    ['alice', 'y', '/conditionImages/1'],
  ])
  expect(generation).toMatchObject({
    conditionImageId: 'i_x',
    details: {
      conditionImages: [
        { id: 'i_x', digest: 'x' },
        { id: 'i_y', digest: 'y' },
      ],
      turns: [{ role: 'user', images: [{ id: 'i_x', digest: 'x' }] }],
    },
  })
})

describe("a provider's own request", () => {
  const own = (body: unknown, images: string[] = []) =>
    resolveRequest(
      {
        providers,
        seal: aSeal,
        resolveConditionImage: async (_ownerId, image) => ({ id: `i_${image}`, digest: image }),
      },
      'alice',
      {
        ...generationRequestSchema.parse({ prompt: 'a red bicycle' }),
        providerRequest: { body, images },
      },
      undefined,
    )
  const id = async (...args: Parameters<typeof own>) => (await own(...args)).generation.id

  test('is the same in whatever order its fields come', async () => {
    expect(await id({ a: 1, b: { c: [1], d: 2 } })).toBe(await id({ b: { d: 2, c: [1] }, a: 1 }))
  })

  test('is another one with other fields, other images, or the same in another order', async () => {
    const ids = [
      await idOf(),
      await id({ a: 1 }),
      await id({ a: 2 }),
      await id({ a: [1, 2] }),
      await id({ a: [2, 1] }),
      await id({ a: 1 }, ['x']),
      await id({ a: 1 }, ['x', 'y']),
      await id({ a: 1 }, ['y', 'x']),
    ]
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('is kept to the letter', async () => {
    const body = { snake_case: { $image: 0 }, b: 1, a: '\u0000' }
    const { generation } = await own(body, ['x'])
    expect(JSON.parse(generation.details?.providerRequest?.body ?? '')).toEqual(body)
    expect(requestOfRow(generation)).toMatchObject({ providerRequest: { body, images: ['i_x'] } })
  })
})

test('images that are too large for one call are refused together', async () => {
  const request = generationRequestSchema.parse({ prompt: 'a', conditionImages: ['x', 'y'] })
  const resolving = resolveRequest(
    {
      providers,
      seal: aSeal,
      resolveConditionImage: async (_ownerId, image) => ({
        id: `i_${image}`,
        digest: image,
        sizeBytes: 8 * 1024 * 1024,
      }),
    },
    'alice',
    request,
    undefined,
  )
  await expect(resolving).rejects.toMatchObject({
    code: 'invalid_request',
    pointer: '/conditionImages',
  })
})

describe('a forced request', () => {
  const forced = { skipExistingCheck: true }

  test('is a new generation each time, of the fingerprint that a plain one has', async () => {
    const [first, second] = [await resolve(forced), await resolve(forced)]
    expect(first.generation.id).not.toBe(second.generation.id)
    expect(first.generation).toMatchObject({
      ...{ joinsOthers: false, fingerprint: await idOf() },
      revision: expect.any(String),
    })
    expect((await resolve()).generation).toMatchObject({ joinsOthers: true, revision: null })
  })

  test('is one generation under one key of one owner', async () => {
    const once = await idOf(forced, { key: 'k' })
    expect(await idOf(forced, { key: 'k' })).toBe(once)
    expect(await idOf(forced, { key: 'k2' })).not.toBe(once)
    expect(await idOf(forced, { key: 'k', owner: 'bob' })).not.toBe(once)
    // A key alone forces nothing.
    expect(await idOf({}, { key: 'k' })).toBe(await idOf())
  })
})

test('who declines a similar image asks for one of the same words, always the same', async () => {
  const { generation, own } = await resolve({ declineSimilar: true })
  expect(generation).toMatchObject({ id: await idOf(), similarityMode: 'off', joinsOthers: true })
  const again = await resolve({ declineSimilar: true })
  expect(own?.id).toBe(again.own?.id)
  expect(own).toMatchObject({ joinsOthers: false, fingerprint: generation.id })
  expect(own?.id).not.toBe(generation.id)
  expect((await resolve()).own).toBeUndefined()
})

test('no two generations keep their bytes at one place', async () => {
  const keys = [await resolve(), await resolve(), await resolve({ declineSimilar: true })].flatMap(
    ({ generation, own }) => [generation.objectKey, own?.objectKey ?? ''],
  )
  const used = keys.filter((key) => key !== '')
  expect(new Set(used).size).toBe(used.length)
})

test.each([
  [{ model: 'c' }, '/model'],
  [{ model: '__proto__' }, '/model'],
  [{ model: 'b', imageSize: '2K' }, '/imageSize'],
  [{ aspectRatio: '16:9' }, '/aspectRatio'],
  [{ conditionImages: ['1', '2', '3', '4'] }, '/conditionImages'],
  [{ conditionImages: ['1', '2'], model: 'b' }, '/conditionImages'],
  [{ conditionImages: ['1', '2'], turns: [{ role: 'user', images: ['3', '4'] }] }, '/turns'],
  [{ seed: 1, model: 'b' }, '/seed'],
  [{ thinkingLevel: 'high' }, '/thinkingLevel'],
  [{ thinkingLevel: 'low', model: 'b' }, '/thinkingLevel'],
  [{ safetySettings: [HARASSMENT], model: 'b' }, '/safetySettings'],
  [{ turns: [{ role: 'user', text: 'a' }], model: 'b' }, '/turns'],
])('%j is not on offer', async (given, pointer) => {
  await expect(resolve(given)).rejects.toMatchObject({ code: 'invalid_request', pointer })
})
