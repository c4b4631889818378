import { describe, expect, test } from '@jest/globals'
import { generationRequestSchema } from '../../src/contract/generation-request.ts'
import { resolveRequest } from '../../src/generation/submit/resolve-request.ts'
import { aModel } from '../support/models.ts'

const model = aModel({
  priceUsd: { '1K': 0.04, '2K': 0.05 },
  aspectRatios: ['1:1'],
  maxConditionImages: 3,
  thinkingLevels: ['low'],
})
const plain = aModel({
  priceUsd: { '1K': 0.1 },
  maxConditionImages: 1,
  thinkingLevels: [],
  takesSeed: false,
  takesSafetySettings: false,
  takesTurns: false,
})
const provider = {
  name: 'gemini' as const,
  defaultModel: 'a',
  models: [
    { ...model, name: 'a' },
    { ...plain, name: 'b' },
  ],
}

const resolve = (
  given: object = {},
  { owner = 'alice', key = undefined as string | undefined } = {},
) =>
  resolveRequest(
    {
      provider,
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
  ])('but not %s', async (_name, given, by) => {
    expect(await idOf(given, by)).not.toBe(await idOf())
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
])('%j is not on offer', async (given, pointer) => {
  await expect(resolve(given)).rejects.toMatchObject({ code: 'invalid_request', pointer })
})
