import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import sharp from 'sharp'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import type { Provider, ProviderRequest } from '../../src/generation/ports.ts'
import { findFreePort } from '../support/free-port.ts'
import { answerOf, colourOf, makeImage, usageMetadata } from '../support/gemini-answers.ts'
import { aRequest, createTestProvider, failureOf, KEY, PROMPT } from '../support/gemini-provider.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { waitFor } from '../support/wait-for.ts'

let server: GeminiServer
let provider: Provider

beforeAll(async () => {
  server = await startGeminiServer({ apiKey: KEY })
  provider = createTestProvider(server)
})
afterEach(() => server.reset())
afterAll(() => server.close())

const call = (request: Partial<ProviderRequest> = {}, signal = new AbortController().signal) =>
  provider.call({ ...aRequest, ...request }, signal)

const pixelOf = async (bytes: Uint8Array) => {
  const [r, g, b] = await sharp(bytes).removeAlpha().raw().toBuffer()
  return { r, g, b }
}

describe('what is said of a call', () => {
  test('comes with its picture: what was counted, as it came, and by which prices it cost so much', async () => {
    const { receipt } = await call()
    expect(receipt).toEqual({
      usage: usageMetadata,
      responseId: 'stand-in',
      priceVersion: builtInPrices.version,
      basis: 'measured',
    })
  })

  test('is that nothing was counted, where nothing was', async () => {
    server.behave({ kind: 'image', usage: false })
    const { receipt, costNanoUsd } = await call()
    expect(receipt).toMatchObject({ basis: 'listed' })
    expect(receipt).not.toHaveProperty('usage')
    expect(costNanoUsd).toBe(40_350_000)
  })

  test('comes with a failure that was answered', async () => {
    server.behave({ kind: 'prompt_blocked' })
    const { receipt } = await failureOf(call())
    expect(receipt).toMatchObject({ usage: { promptTokenCount: 12 }, basis: 'measured' })
  })
})

describe('a key that comes with a request', () => {
  const OWN_KEY = 'key-of-a-caller-for-this-request'

  test('is called with in place of the server’s, and for that request alone', async () => {
    server.acceptKey(OWN_KEY)
    await call({ apiKey: OWN_KEY })
    await call()
    expect(server.calls.map(({ apiKey }) => apiKey)).toEqual([OWN_KEY, KEY])
  })

  test('is in no failure, though the provider repeats it', async () => {
    server.acceptKey(OWN_KEY)
    server.behave({ kind: 'raw', status: 400, json: { error: { message: `no: ${OWN_KEY}` } } })
    const failure = await failureOf(call({ apiKey: OWN_KEY }))
    expect(inspect(failure, { depth: null })).not.toContain(OWN_KEY)
  })
})

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

  test.each(['models/gemini-3-pro-image', 'gemini-3-pro-image-preview'])(
    'goes to %s under its name, and costs what the model does',
    async (model) => {
      const { costNanoUsd } = await call({ model })
      expect(server.calls[0]?.model).toBe(model.replace('models/', ''))
      // 12 tokens at $2 and 1,120 at $120 a million.
      expect(costNanoUsd).toBe(134_424_000)
    },
  )

  test('carries the condition image beside the unchanged prompt', async () => {
    const bytes = Uint8Array.of(0xff, 0xd8, 0xff, 0)
    await call({ conditionImages: [{ bytes, mimeType: 'image/jpeg' }] })
    expect(server.calls[0]?.body.contents[0]?.parts).toEqual([
      { text: PROMPT },
      { inlineData: { mimeType: 'image/jpeg', data: '/9j/AA==' } },
    ])
  })

  test('to enhance wraps the prompt in an instruction that keeps the content', async () => {
    const conditionImage = { bytes: Uint8Array.of(1, 2), mimeType: 'image/png' } as const
    await call({ transformation: 'enhance', conditionImages: [conditionImage] })
    expect(server.calls[0]?.prompt).toMatch(/^Improve the attached image.*Keep its content/s)
    expect(server.calls[0]?.prompt).toContain(PROMPT)
    expect(server.calls[0]?.body.contents[0]?.parts[1]?.inlineData?.mimeType).toBe('image/png')
  })

  test('carries all that is said, in order, each part by itself', async () => {
    const image = (byte: number) => ({ bytes: Uint8Array.of(byte), mimeType: 'image/png' as const })
    const inline = (data: string) => ({ inlineData: { mimeType: 'image/png', data } })
    await call({
      conditionImages: [image(1), image(2)],
      details: {
        negativePrompt: 'no boats',
        seed: 7,
        thinkingLevel: 'high',
        safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
        turns: [
          { role: 'user', text: 'a lake', images: [image(3)] },
          { role: 'model', text: undefined, images: [image(4)] },
        ],
      },
    })
    expect(server.calls[0]?.body).toEqual({
      contents: [
        { role: 'user', parts: [{ text: 'a lake' }, inline('Aw==')] },
        { role: 'model', parts: [{ ...inline('BA=='), thoughtSignature: expect.any(String) }] },
        {
          role: 'user',
          parts: [
            { text: PROMPT },
            { text: 'The image must not show: no boats' },
            inline('AQ=='),
            inline('Ag=='),
          ],
        },
      ],
      generationConfig: {
        responseModalities: ['TEXT', 'IMAGE'],
        imageConfig: { imageSize: '1K' },
        seed: 7,
        thinkingConfig: { thinkingLevel: 'high' },
      },
      safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
    })
  })

  test("is the provider's own where that is given, with its images in their places", async () => {
    const body = {
      contents: [{ parts: [{ inline_data: { mime_type: 'image/png', data: { $image: 1 } } }] }],
      generationConfig: { temperature: 0.5 },
    }
    const images = [1, 2].map((byte) => ({
      bytes: Uint8Array.of(byte),
      mimeType: 'image/png' as const,
    }))
    await call({ providerRequest: { body, images } })
    expect(server.calls[0]?.body).toEqual({
      contents: [{ parts: [{ inline_data: { mime_type: 'image/png', data: 'Ag==' } }] }],
      generationConfig: { temperature: 0.5 },
      // Google's SDK adds it; it says nothing.
      safetySettings: [],
    })
    const failure = await failureOf(call({ providerRequest: { body, images: [] } }))
    expect(failure).toMatchObject({ code: 'invalid_request' })
    expect(server.countCalls()).toBe(1)
  })

  test('goes to a base URL with a slash at its end', async () => {
    await createTestProvider(server, { baseUrl: `${server.url}/` }).call(
      aRequest,
      new AbortController().signal,
    )
    expect(server.countCalls()).toBe(1)
  })
})

describe('an image', () => {
  test('comes with the cost of its tokens', async () => {
    const { bytes, costNanoUsd } = await call()
    expect(await pixelOf(bytes)).toEqual(colourOf(1))
    expect(costNanoUsd).toBe(33_618_000)
  })

  test('comes with the list price when no tokens are counted', async () => {
    server.behave({ kind: 'image', usage: false })
    expect((await call({ imageSize: '2K' })).costNanoUsd).toBe(57_150_000)
  })

  test('comes with the list price when the count makes no sense', async () => {
    server.behave({
      kind: 'image',
      usage: { promptTokenCount: 'many', candidatesTokensDetails: 7 },
    })
    expect((await call()).costNanoUsd).toBe(40_350_000)
  })

  test('is the first one that is no thought, and what else was paid for comes beside it', async () => {
    server.behave({ kind: 'image_with_drafts' })
    const { bytes, others = [] } = await call()
    expect(await Promise.all([bytes, ...others].map(pixelOf))).toEqual([1, 1_001].map(colourOf))
  })

  test('comes with what was said beside it, and the answer without its pictures', async () => {
    server.behave({ kind: 'image_with_drafts' })
    const { said, answer } = await call()
    expect(said).toBe('Here it is')
    const inline = (k: number) => ({ inlineData: { mimeType: 'image/png', data: { $image: k } } })
    expect(answer).toEqual({
      ...answerOf([]),
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              { text: 'Thinking', thought: true },
              { text: 'Here it is' },
              inline(0),
              inline(1),
            ],
          },
          finishReason: 'STOP',
          index: 0,
        },
      ],
    })
    server.behave({ kind: 'image' })
    expect((await call()).said).toBeUndefined()
  })

  test('is kept with words that Postgres takes, whatever the model said', async () => {
    const image = await makeImage(7, { contents: [] })
    const json = answerOf([{ text: 'half \ud83d and \u0000' }, image])
    server.behave({ kind: 'raw', status: 200, json })
    const { said, answer } = await call()
    expect(said).toBe('half \ufffd and \ufffd')
    expect(JSON.stringify(answer)).not.toMatch(/\\u0000|\\ud83d/)
  })

  test('is that of whichever candidate has one', async () => {
    const image = await makeImage(7, { contents: [] })
    const [withdrawn, words] = [answerOf([image], { finishReason: 'SAFETY' }), answerOf([])]
    const later = answerOf([{ text: 'Here' }, image])
    const candidates = [withdrawn, words, later].flatMap((answer) => answer.candidates)
    server.behave({ kind: 'raw', status: 200, json: { ...later, candidates } })
    const { bytes, others } = await call()
    expect(await pixelOf(bytes)).toEqual(colourOf(7))
    expect(others).toEqual([])
  })

  test('counts though the answer speaks of an error besides', async () => {
    const json = { ...answerOf([await makeImage(7, { contents: [] })]), error: { code: 503 } }
    server.behave({ kind: 'raw', status: 200, json })
    expect(await pixelOf((await call()).bytes)).toEqual(colourOf(7))
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

describe('a server that cannot be reached', () => {
  test.each([
    ['refuses connections', async () => `http://127.0.0.1:${await findFreePort()}`],
    ['has no address', async () => 'http://no-such-host.invalid'],
    ['speaks no TLS', async () => server.url.replace('http:', 'https:')],
  ])('and %s was sent nothing, so nothing was charged', async (_, baseUrl) => {
    const unreachable = createTestProvider(server, { baseUrl: await baseUrl() })
    const error = await failureOf(unreachable.call(aRequest, new AbortController().signal))
    expect(error).toMatchObject({
      code: 'overloaded',
      message: 'The image model could not be reached.',
    })
    expect(server.countCalls()).toBe(0)
  })
})

test('a wrong key is unauthorized, and stays out of the message', async () => {
  const wrong = createTestProvider(server, { apiKey: 'wrong-key' })
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
    const hasty = createTestProvider(server, { timeoutMs: 150 })
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
    expect((await other).costNanoUsd).toBeGreaterThan(0)
  })
})

test('a process ends by itself right after its call, long before the deadline', async () => {
  const script = `
    const { createGeminiProvider } = await import('./src/adapters/providers/gemini.ts')
    const { builtInPrices } = await import('./src/adapters/providers/price-table.ts')
    const provider = createGeminiProvider({ apiKey: '${KEY}', model: 'm', baseUrl: '${server.url}', timeoutMs: 600_000, prices: builtInPrices })
    const request = { prompt: 'x', transformation: 'generate', model: 'm', imageSize: '1K', conditionImages: [] }
    await provider.call(request, new AbortController().signal)`
  const node = ['--import', 'tsx', '--input-type=module', '--eval', script]
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(server.countCalls()).toBe(1)
})
