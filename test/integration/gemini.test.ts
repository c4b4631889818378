import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { ProviderError } from '../../src/errors.ts'
import type { Provider, ProviderRequest } from '../../src/generation/ports.ts'
import { createGeminiProvider } from '../../src/providers/gemini.ts'
import { findFreePort } from '../support/free-port.ts'
import { colourOf } from '../support/gemini-answers.ts'
import type { GeminiBehaviour } from '../support/gemini-behaviour.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { waitFor } from '../support/wait-for.ts'

const PROMPT = 'a heron in the reeds, private words'
const KEY = 'key-that-nobody-may-see'

const aRequest: ProviderRequest = {
  prompt: PROMPT,
  transformation: 'generate',
  model: 'gemini-nano-banana-2.1',
  imageSize: '1K',
}

let server: GeminiServer
let provider: Provider

beforeAll(async () => {
  server = await startGeminiServer({ apiKey: KEY })
  provider = createProvider()
})
afterEach(() => server.reset())
afterAll(() => server.close())

const createProvider = (
  overrides: { baseUrl?: string; timeoutMs?: number; apiKey?: string } = {},
) =>
  createGeminiProvider({
    apiKey: KEY,
    model: 'gemini-nano-banana-2.1',
    baseUrl: server.url,
    timeoutMs: 10_000,
    ...overrides,
  })

const call = (request: Partial<ProviderRequest> = {}, signal = new AbortController().signal) =>
  provider.call({ ...aRequest, ...request }, signal)

const failureOf = async (result: Promise<unknown>): Promise<ProviderError> => {
  const error = await result.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProviderError)) throw new Error('not a ProviderError', { cause: error })
  return error
}

const pixelOf = async (bytes: Uint8Array) => {
  const [r, g, b] = await sharp(bytes).removeAlpha().raw().toBuffer()
  return { r, g, b }
}

describe('a request', () => {
  test('asks for one image with the prompt alone', async () => {
    await call()
    expect(server.calls).toHaveLength(1)
    expect(server.calls[0]).toMatchObject({ model: 'gemini-nano-banana-2.1', apiKey: KEY })
    expect(server.calls[0]?.body).toMatchObject({
      contents: [{ role: 'user', parts: [{ text: PROMPT }] }],
      generationConfig: {
        responseModalities: ['TEXT', 'IMAGE'],
        imageConfig: { imageSize: '1K' },
      },
    })
  })

  test('carries the aspect ratio, the size and the model', async () => {
    await call({ aspectRatio: '21:9', imageSize: '4K', model: 'gemini-3-pro-image' })
    expect(server.calls[0]?.model).toBe('gemini-3-pro-image')
    expect(server.calls[0]?.body.generationConfig?.imageConfig).toEqual({
      aspectRatio: '21:9',
      imageSize: '4K',
    })
  })

  test('carries the condition image beside the unchanged prompt', async () => {
    const bytes = Uint8Array.of(0xff, 0xd8, 0xff, 0)
    await call({ conditionImage: { bytes, mimeType: 'image/jpeg' } })
    expect(server.calls[0]?.body.contents[0]?.parts).toEqual([
      { text: PROMPT },
      { inlineData: { mimeType: 'image/jpeg', data: '/9j/AA==' } },
    ])
  })

  test('to enhance wraps the prompt in an instruction that keeps the content', async () => {
    const conditionImage = { bytes: Uint8Array.of(1, 2), mimeType: 'image/png' } as const
    await call({ transformation: 'enhance', conditionImage })
    expect(server.calls[0]?.prompt).toMatch(/^Improve the attached image.*Keep its content/s)
    expect(server.calls[0]?.prompt).toContain(PROMPT)
    expect(server.calls[0]?.body.contents[0]?.parts[1]?.inlineData?.mimeType).toBe('image/png')
  })

  test('goes to a base URL with a slash at its end', async () => {
    await createProvider({ baseUrl: `${server.url}/` }).call(aRequest, new AbortController().signal)
    expect(server.countCalls()).toBe(1)
  })
})

describe('an image', () => {
  test('comes with the cost of its tokens', async () => {
    const { bytes, costUsd } = await call()
    expect(await pixelOf(bytes)).toEqual(colourOf(1))
    expect(costUsd).toBe(0.033618)
  })

  test('comes with the list price when no tokens are counted', async () => {
    server.behave({ kind: 'image', usage: false })
    expect((await call({ imageSize: '2K' })).costUsd).toBe(0.0504)
  })

  test('comes with the list price when the count makes no sense', async () => {
    server.behave({
      kind: 'image',
      usage: { promptTokenCount: 'many', candidatesTokensDetails: 7 },
    })
    expect((await call()).costUsd).toBe(0.0336)
  })

  test('is the last one that is no thought', async () => {
    server.behave({ kind: 'image_with_drafts' })
    expect(await pixelOf((await call()).bytes)).toEqual(colourOf(1))
  })

  test('counts though the text was cut off after it', async () => {
    server.behave({ kind: 'image', finishReason: 'MAX_TOKENS' })
    expect(await pixelOf((await call()).bytes)).toEqual(colourOf(1))
  })

  test('is passed on unchecked', async () => {
    server.behave({ kind: 'not_an_image' })
    expect(Buffer.from((await call()).bytes).toString()).toBe('this is not an image')
  })

  test('may come slowly', async () => {
    server.behave({ kind: 'slow_body', bytesPerSecond: 4_000 })
    expect(await pixelOf((await call()).bytes)).toEqual(colourOf(1))
  })
})

type Expected = { code: string; message: RegExp; retryAfterMs?: number; retryable: boolean }

const again = { retryable: true }
const final = { retryable: false }
const outcomes: [GeminiBehaviour, Expected][] = [
  [
    { kind: 'rate_limited', retryDelay: '27s', quotaId: 'RequestsPerMinute' },
    {
      code: 'rate_limited',
      message: /quota.*429, RequestsPerMinute/,
      retryAfterMs: 27_000,
      ...again,
    },
  ],
  [
    { kind: 'rate_limited', retryDelay: '1.25s' },
    { code: 'rate_limited', message: /429/, retryAfterMs: 1_250, ...again },
  ],
  [
    { kind: 'rate_limited', retryDelay: '0s' },
    { code: 'rate_limited', message: /429/, retryAfterMs: 1_000, ...again },
  ],
  [
    { kind: 'rate_limited' },
    { code: 'rate_limited', message: /429/, retryAfterMs: 30_000, ...again },
  ],
  [{ kind: 'overloaded' }, { code: 'overloaded', message: /503/, ...again }],
  [
    { kind: 'server_error', message: 'The model is overloaded. Please try again later.' },
    { code: 'overloaded', message: /500/, ...again },
  ],
  [
    { kind: 'server_error', message: 'Failed on "The model is overloaded".' },
    { code: 'ambiguous', message: /500/, ...again },
  ],
  [{ kind: 'server_error' }, { code: 'ambiguous', message: /500/, ...again }],
  [{ kind: 'bad_gateway' }, { code: 'ambiguous', message: /502/, ...again }],
  [{ kind: 'gateway_timeout' }, { code: 'ambiguous', message: /504/, ...again }],
  [{ kind: 'garbage_body' }, { code: 'ambiguous', message: /answer/, ...again }],
  [
    { kind: 'raw', status: 200, json: null },
    { code: 'ambiguous', message: /answer/, ...again },
  ],
  [
    { kind: 'raw', status: 200, json: ['a'] },
    { code: 'ambiguous', message: /answer/, ...again },
  ],
  [
    { kind: 'raw', status: 499, json: {} },
    { code: 'ambiguous', message: /499/, ...again },
  ],
  [{ kind: 'reset_before_response' }, { code: 'ambiguous', message: /broke/, ...again }],
  [{ kind: 'reset_mid_body' }, { code: 'ambiguous', message: /broke/, ...again }],
  [
    { kind: 'prompt_blocked', reason: 'BLOCKLIST' },
    { code: 'refused_prompt', message: /BLOCKLIST/, ...final },
  ],
  ...[
    'SAFETY',
    'IMAGE_SAFETY',
    'PROHIBITED_CONTENT',
    'IMAGE_PROHIBITED_CONTENT',
    'RECITATION',
    'IMAGE_RECITATION',
    'BLOCKLIST',
    'SPII',
  ].map((finishReason): [GeminiBehaviour, Expected] => [
    { kind: 'finish', finishReason },
    { code: 'refused_image', message: new RegExp(finishReason), ...final },
  ]),
  [
    { kind: 'finish', finishReason: 'IMAGE_SAFETY', parts: 'image' },
    { code: 'refused_image', message: /IMAGE_SAFETY/, ...final },
  ],
  ...['NO_IMAGE', 'MAX_TOKENS', 'OTHER', 'IMAGE_OTHER', 'LANGUAGE', 'MALFORMED_FUNCTION_CALL'].map(
    (finishReason): [GeminiBehaviour, Expected] => [
      { kind: 'finish', finishReason },
      { code: 'no_image', message: new RegExp(finishReason), ...again },
    ],
  ),
  [{ kind: 'text_only' }, { code: 'no_image', message: /with text instead of an image/, ...again }],
  [{ kind: 'drafts_only' }, { code: 'no_image', message: /without an image/, ...again }],
  [{ kind: 'empty' }, { code: 'no_image', message: /no reason given/, ...again }],
  [
    { kind: 'finish', finishReason: `for ${PROMPT}` },
    { code: 'no_image', message: /unknown reason/, ...again },
  ],
  [{ kind: 'bad_request' }, { code: 'invalid_request', message: /400/, ...final }],
  [
    { kind: 'bad_request', field: 'generation_config.image_config.image_size' },
    { code: 'invalid_request', message: /generation_config\.image_config\.image_size/, ...final },
  ],
  [
    { kind: 'raw', status: 413, json: {} },
    { code: 'invalid_request', message: /413/, ...final },
  ],
  [{ kind: 'key_invalid' }, { code: 'unauthorized', message: /API_KEY_INVALID/, ...final }],
  [
    { kind: 'raw', status: 400, json: { error: { message: 'User location is not supported.' } } },
    { code: 'unauthorized', message: /400/, ...final },
  ],
  [
    { kind: 'raw', status: 401, json: {} },
    { code: 'unauthorized', message: /401/, ...final },
  ],
  [{ kind: 'forbidden' }, { code: 'unauthorized', message: /CONSUMER_SUSPENDED/, ...final }],
  [{ kind: 'not_found' }, { code: 'model_gone', message: /gemini-nano-banana-2\.1/, ...final }],
]

describe('an answer without an image', () => {
  test.each(outcomes)('%j is typed, and asked for once', async (behaviour, expected) => {
    server.behave(behaviour)
    const error = await failureOf(call())
    expect({
      code: error.code,
      retryable: error.retryable,
      retryAfterMs: error.retryAfterMs,
    }).toEqual({
      code: expected.code,
      retryable: expected.retryable,
      retryAfterMs: expected.retryAfterMs,
    })
    expect(error.message).toMatch(expected.message)
    expect(error.message).not.toContain(PROMPT)
    expect(error.message).not.toContain(KEY)
    expect(server.countCalls()).toBe(1)
  })
})

describe('a server that cannot be reached', () => {
  test.each([
    ['refuses connections', async () => `http://127.0.0.1:${await findFreePort()}`],
    ['has no address', async () => 'http://no-such-host.invalid'],
    ['speaks no TLS', async () => server.url.replace('http:', 'https:')],
  ])('and %s was sent nothing, so nothing was charged', async (_, baseUrl) => {
    const unreachable = createProvider({ baseUrl: await baseUrl() })
    const error = await failureOf(unreachable.call(aRequest, new AbortController().signal))
    expect(error).toMatchObject({
      code: 'overloaded',
      message: 'The image model could not be reached.',
    })
    expect(server.countCalls()).toBe(0)
  })
})

test('a wrong key is unauthorized, and stays out of the message', async () => {
  const wrong = createProvider({ apiKey: 'wrong-key' })
  const error = await failureOf(wrong.call(aRequest, new AbortController().signal))
  expect(error.code).toBe('unauthorized')
  expect(error.message).not.toContain('wrong-key')
})

describe('the deadline', () => {
  test.each([
    ['before the headers', { kind: 'hang' }],
    ['in the middle of the body', { kind: 'stalled_body' }],
    ['in a body that only trickles', { kind: 'slow_body', bytesPerSecond: 20 }],
  ] as const)('ends a call %s', async (_, behaviour) => {
    server.behave(behaviour)
    const hasty = createProvider({ timeoutMs: 150 })
    const error = await failureOf(hasty.call(aRequest, new AbortController().signal))
    expect(error).toMatchObject({
      code: 'timeout',
      retryable: true,
      message: 'The image model took longer than 0.15 s.',
    })
    await waitFor(() => server.calls[0]?.abandoned, { what: 'the connection to close' })
    expect(server.countCalls()).toBe(1)
  })
})

describe("the caller's signal", () => {
  test('stops a call before it is sent when it is aborted already', async () => {
    const reason = new Error('canceled')
    await expect(call({}, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(server.countCalls()).toBe(0)
  })

  test.each(['hang', 'stalled_body'] as const)('stops a call under way: %s', async (kind) => {
    server.behave({ kind })
    const caller = new AbortController()
    const reason = new Error('canceled')
    const result = call({}, caller.signal)
    const sent = await server.waitForCall()
    caller.abort(reason)
    await expect(result).rejects.toBe(reason)
    await waitFor(() => sent.abandoned, { what: 'the connection to close' })
  })

  test('stops one call and leaves others alone', async () => {
    server.behave((sent) =>
      sent.prompt === 'stopped' ? { kind: 'hang' } : { kind: 'delay', ms: 50 },
    )
    const caller = new AbortController()
    const stopped = call({ prompt: 'stopped' }, caller.signal)
    const other = call({ prompt: 'other' })
    await server.waitForCall(({ prompt }) => prompt === 'stopped')
    caller.abort(new Error('canceled'))
    await expect(stopped).rejects.toThrow('canceled')
    expect((await other).costUsd).toBeGreaterThan(0)
  })
})

test('a process ends by itself right after its call, long before the deadline', async () => {
  const script = `
    const { createGeminiProvider } = await import('./src/providers/gemini.ts')
    const provider = createGeminiProvider({ apiKey: '${KEY}', model: 'm', baseUrl: '${server.url}', timeoutMs: 600_000 })
    const request = { prompt: 'x', transformation: 'generate', model: 'm', imageSize: '1K' }
    await provider.call(request, new AbortController().signal)`
  const node = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(server.countCalls()).toBe(1)
}, 30_000)
