import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { examineOpenai } from '../../src/adapters/providers/examine-openai.ts'
import { toPixels } from '../../src/adapters/providers/openai-size.ts'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { aspectRatioSchema, imageSizeSchema } from '../../src/contract/vocabulary.ts'
import type { Provider, ProviderRequest } from '../../src/generation/ports.ts'
import { toUsd } from '../../src/lib/money.ts'
import { colourOf } from '../support/gemini-answers.ts'
import { aRequest, failureOf, KEY, PROMPT } from '../support/gemini-provider.ts'
import { type OpenaiBehaviour, openaiErrorOf, openaiUsage } from '../support/openai-behaviour.ts'
import { type OpenaiServer, startOpenaiServer } from '../support/openai-server.ts'
import { makePng } from '../support/pictures.ts'
import { createTestOpenai } from '../support/provider-subjects.ts'

let server: OpenaiServer
let provider: Provider
beforeAll(async () => {
  server = await startOpenaiServer({ apiKey: KEY })
  provider = createTestOpenai(server)
})
afterEach(() => server.reset())
afterAll(() => server.close())

const call = (request: Partial<ProviderRequest> = {}, by = provider) =>
  by.call({ ...aRequest, model: 'gpt-image-2', ...request }, new AbortController().signal)

const fieldsOf = async (request: Partial<ProviderRequest>) => {
  await call(request)
  return server.calls.at(-1)?.fields
}

const colourOfPicture = async (bytes: Uint8Array) => {
  const [r, g, b] = await sharp(bytes).removeAlpha().raw().toBuffer()
  return { r, g, b }
}

describe('a request', () => {
  test('is for words alone, with the quality of its size', async () => {
    await call()
    const { path, fields } = server.calls[0] ?? {}
    expect(path).toBe('/v1/images/generations')
    expect(fields).toEqual({
      ...{ model: 'gpt-image-2', prompt: PROMPT, n: 1, size: 'auto', quality: 'medium' },
    })
    expect(await fieldsOf({ imageSize: '2K', aspectRatio: '16:9' })).toMatchObject({
      ...{ size: '2720x1520', quality: 'high' },
    })
  })

  test('edits what is given, one picture or several, and says what must not be seen', async () => {
    const png = await makePng()
    const image = { bytes: png, mimeType: 'image/png' as const }
    await call({ conditionImages: [image], details: { negativePrompt: 'a boat' } })
    await call({ conditionImages: [image, image], transformation: 'enhance' })
    const [one, two] = server.calls
    expect(one).toMatchObject({ path: '/v1/images/edits', fields: { n: '1', size: 'auto' } })
    expect(one?.prompt).toBe(`${PROMPT}\n\nThe image must not show: a boat`)
    expect(one?.files.map(({ field, mimeType }) => [field, mimeType])).toEqual([
      ['image', 'image/png'],
    ])
    expect(Buffer.compare(one?.files[0]?.bytes ?? Buffer.of(), png)).toBe(0)
    expect(two?.files.map(({ field }) => field)).toEqual(['image[]', 'image[]'])
    expect(two?.prompt).toMatch(/^Improve the attached image[\s\S]*private words$/)
  })

  test('of another server’s model asks for base64, in pixels, without a quality', async () => {
    expect(await fieldsOf({ model: 'flux-3' })).toEqual({
      ...{ model: 'flux-3', prompt: PROMPT, n: 1, size: '1024x1024', response_format: 'b64_json' },
    })
    expect(await fieldsOf({ model: 'openai/gpt-image-2' })).toMatchObject({ quality: 'medium' })
  })

  test('asks for no size that the models refuse', () => {
    const ratios = aspectRatioSchema.options.filter((ratio) => !/[148]:[148]/.test(ratio))
    for (const imageSize of imageSizeSchema.options) {
      for (const aspectRatio of ['1:1' as const, ...ratios]) {
        const [width = 0, height = 0] = toPixels({ aspectRatio, imageSize }, true)
          .split('x')
          .map(Number)
        const [w = 1, h = 1] = aspectRatio.split(':').map(Number)
        expect([width % 16, height % 16]).toEqual([0, 0])
        expect(Math.max(width, height)).toBeLessThanOrEqual(3_840)
        expect(width * height).toBeLessThanOrEqual(8_294_400)
        expect(width * height).toBeGreaterThanOrEqual(655_360)
        expect(Math.abs(width / height / (w / h) - 1)).toBeLessThan(0.03)
      }
    }
  })

  test('of another provider’s own words is refused without a call', async () => {
    const failure = await failureOf(call({ providerRequest: { body: {}, images: [] } }))
    expect(failure.code).toBe('invalid_request')
    expect(server.countCalls()).toBe(0)
  })
})

describe('what an answer costs', () => {
  const costOf = async (behaviour: OpenaiBehaviour, model = 'gpt-image-2') => {
    server.behave(behaviour)
    const { costNanoUsd, receipt } = await call({ model })
    return { costUsd: toUsd(costNanoUsd), basis: receipt?.basis }
  }

  test('is each of its tokens at its own price', async () => {
    // 12 of text at $5, 1,756 of a picture at $30, a million.
    expect(await costOf({ kind: 'image' })).toEqual({ costUsd: 0.05274, basis: 'measured' })
    const usage = {
      ...{ input_tokens: 1_300, output_tokens: 1_756 },
      input_tokens_details: { text_tokens: 300, image_tokens: 1_000 },
    }
    expect(await costOf({ kind: 'image', usage })).toEqual({
      ...{ costUsd: 0.06218, basis: 'measured' },
    })
    // What is not told apart is of the dearer kind.
    const bare = { input_tokens: 1_300, output_tokens: 1_756 }
    expect(await costOf({ kind: 'image', usage: bare })).toEqual({
      ...{ costUsd: 0.06308, basis: 'measured' },
    })
  })

  test('is what the server says, where it says so', async () => {
    const usage = { ...openaiUsage, cost: 0.0391 }
    const measured = { costUsd: 0.0391, basis: 'measured' }
    expect(await costOf({ kind: 'image', usage }, 'any/model')).toEqual(measured)
    expect(await costOf({ kind: 'image', usage: { ...usage, cost: 0 } })).toMatchObject({
      costUsd: 0,
    })
    expect(await costOf({ kind: 'image', usage: { ...usage, cost: 1e9 } })).toMatchObject({
      costUsd: 0.05274,
    })
  })

  test('is the list price of each picture, where nothing is counted', async () => {
    expect(await costOf({ kind: 'image', count: 2, usage: null })).toEqual({
      ...{ costUsd: 0.10536, basis: 'listed' },
    })
  })

  test('is high, and marked, of a model that nobody knows', () => {
    const [model] = createTestOpenai(server, { models: ['flux-3'] }).models
    expect(model).toMatchObject({ isPriceGuessed: true, priceUsd: { '4K': 0.759008 } })
  })

  test('is kept with what was counted, and the id that the bill may name it by', async () => {
    const { receipt, answer } = await call()
    expect(receipt).toEqual({
      ...{ usage: openaiUsage, responseId: 'req_1', priceVersion: builtInPrices.version },
      basis: 'measured',
    })
    expect(answer).toMatchObject({ data: [{ b64_json: { $image: 0 } }], usage: openaiUsage })
  })
})

describe('a picture that is somewhere', () => {
  test('is fetched of the server itself with its key, and of nobody else inside', async () => {
    server.behave({ kind: 'image_by_url' })
    const { bytes, answer } = await call()
    expect(await colourOfPicture(bytes)).toEqual(colourOf(1))
    expect(server.fetched).toEqual([{ path: '/pictures/1', authorization: `Bearer ${KEY}` }])
    expect(JSON.stringify(answer)).not.toContain('/pictures/')
  })

  test('inside, at another port, is not fetched: it was paid for all the same', async () => {
    const inside = await startOpenaiServer({ apiKey: KEY })
    try {
      const urls = [`${inside.url.replace('/v1', '')}/pictures/1`, 'http://169.254.169.254/x']
      server.behave({ kind: 'image_by_url', urls })
      expect((await failureOf(call())).code).toBe('ambiguous')
      expect(inside.fetched).toEqual([])
      const open = createTestOpenai(server, { isPrivateAllowed: true })
      server.behave({ kind: 'image_by_url', urls: urls.slice(0, 1) })
      await call({}, open)
      expect(inside.fetched).toEqual([{ path: '/pictures/1', authorization: undefined }])
    } finally {
      await inside.close()
    }
  })

  test('may stand in the answer itself as a data URL', async () => {
    const data = (await makePng()).toString('base64')
    server.behave({ kind: 'image_by_url', urls: [`data:image/png;base64,${data}`] })
    expect(Buffer.from((await call()).bytes).toString('base64')).toBe(data)
  })

  test('that is gone leaves those that are there', async () => {
    const origin = server.url.replace('/v1', '')
    const urls = [`${origin}/pictures/gone`, `${origin}/pictures/5`]
    server.behave({ kind: 'image_by_url', urls })
    const { bytes, others } = await call()
    expect(await colourOfPicture(bytes)).toEqual(colourOf(5))
    expect(others).toEqual([])
  })
})

describe('what servers of this shape say', () => {
  const said: [string, OpenaiBehaviour, string, number?][] = [
    [
      'OpenAI’s older filter',
      { kind: 'prompt_blocked', code: 'content_policy_violation' },
      'refused_prompt',
    ],
    ['Azure’s filter', { kind: 'prompt_blocked', code: 'content_filter' }, 'refused_prompt'],
    [
      'OpenRouter’s filter',
      {
        kind: 'raw',
        status: 403,
        json: { error: { code: 403, message: 'flagged', metadata: { flagged_input: 'x' } } },
      },
      'refused_prompt',
    ],
    [
      'a limit in milliseconds',
      { kind: 'rate_limited', headers: { 'retry-after-ms': '1500' } },
      'rate_limited',
      1_500,
    ],
    [
      'a limit that is over at once',
      { kind: 'rate_limited', headers: { 'retry-after': '0' } },
      'rate_limited',
      1_000,
    ],
    [
      'a limit in words',
      { kind: 'rate_limited', message: 'Please try again in 1.5s.' },
      'rate_limited',
      1_500,
    ],
    ['no credit', { kind: 'rate_limited', code: 'insufficient_quota' }, 'rate_limited', 600_000],
    [
      'a hard limit of the bill',
      { kind: 'error', status: 400, code: 'billing_hard_limit_reached' },
      'unauthorized',
    ],
    ['a payment that is due', { kind: 'error', status: 402 }, 'unauthorized'],
    [
      'no such model as a 400',
      { kind: 'error', status: 400, code: 'model_not_found' },
      'model_gone',
    ],
    ['a conflict', { kind: 'error', status: 409 }, 'overloaded'],
    ['a CDN without its server', { kind: 'error', status: 521 }, 'overloaded'],
    ['a CDN that gave up', { kind: 'error', status: 524 }, 'ambiguous'],
    [
      'words in place of an error',
      { kind: 'raw', status: 400, json: { error: 'no' } },
      'invalid_request',
    ],
    ['nothing with a status', { kind: 'raw', status: 422, json: '' }, 'invalid_request'],
    ['a list', { kind: 'raw', status: 200, json: [] }, 'ambiguous'],
    [
      'a failure of a gateway’s server',
      { kind: 'raw', status: 200, json: openaiErrorOf('502', 'x') },
      'ambiguous',
    ],
  ]
  test.each(said.map(([what, behaviour, code, waitMs]) => ({ what, behaviour, code, waitMs })))(
    '$what',
    async ({ behaviour, code, waitMs }) => {
      server.behave(behaviour)
      const failure = await failureOf(call())
      expect(failure.code).toBe(code)
      expect(failure.retryAfterMs).toBe(waitMs)
      expect(failure.message).not.toContain(PROMPT)
      expect(server.countCalls()).toBe(1)
    },
  )
})

describe('the self-test', () => {
  const examine = async (given: object) => {
    const openai = { apiKey: KEY, baseUrl: server.url, models: ['gpt-image-2'], ...given }
    const [finding] = await examineOpenai(openai)
    return `${finding?.kind} ${finding?.setting}`
  }

  test.each<[string, object]>([
    ['good OPENAI_MODELS', {}],
    ['costly OPENAI_MODELS', { models: ['gpt-image-2', 'flux-3'] }],
    ['wrong OPENAI_API_KEY', { apiKey: 'another' }],
    ['away OPENAI_BASE_URL', { baseUrl: 'http://127.0.0.1:1/v1' }],
  ])('says %s', async (expected, given) => {
    expect(await examine(given)).toBe(expected)
  })

  test('says where the address is not that of the API', async () => {
    expect(await examine({ baseUrl: `${server.url}/images` })).toBe('costly OPENAI_BASE_URL')
  })
})
