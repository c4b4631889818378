import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { createThreadedProvider } from '../../src/adapters/providers/threaded-provider.ts'
import { buildProviderThread } from '../support/build-programs.ts'
import { aRequest, createTestProvider, failureOf, KEY, PROMPT } from '../support/gemini-provider.ts'
import { type GeminiServer, startGeminiServer } from '../support/gemini-server.ts'
import { makePng } from '../support/pictures.ts'

let server: GeminiServer
let threaded: ReturnType<typeof createThreadedProvider>
beforeAll(async () => {
  server = await startGeminiServer({ apiKey: KEY })
  const config = {
    name: 'gemini' as const,
    ...{
      apiKey: KEY,
      model: aRequest.model,
      baseUrl: server.url,
      timeoutMs: 10_000,
      flexTimeoutMs: 10_000,
    },
    prices: builtInPrices,
  }
  threaded = createThreadedProvider(config, pathToFileURL(await buildProviderThread()))
})
afterEach(() => server.reset())
afterAll(async () => {
  await threaded.close()
  await server.close()
})

const never = new AbortController().signal
const call = (signal = never) => threaded.provider.call(aRequest, signal)

test('what a thread is answered is what its process would be answered, and costs the same', async () => {
  const inProcess = createTestProvider(server)
  const image = { bytes: await makePng(), mimeType: 'image/png' as const }
  for (const request of [
    aRequest,
    { ...aRequest, conditionImages: [image], aspectRatio: '16:9' as const },
  ]) {
    server.behave({ kind: 'image', number: 7 })
    const ours = await inProcess.call(request, never)
    const { bytes, ...rest } = await threaded.provider.call(request, never)
    expect(Buffer.compare(bytes, ours.bytes)).toBe(0)
    expect({ ...ours, bytes: undefined }).toEqual({ ...rest, bytes: undefined })
  }
  expect(server.calls.at(-1)?.body).toEqual(server.calls.at(-2)?.body)
  server.behave({ kind: 'image_with_drafts' })
  const [ours, theirs] = [await inProcess.call(aRequest, never), await call()]
  expect(theirs.others).toHaveLength(ours.others?.length ?? -1)
})

test('a failure is the same one', async () => {
  const inProcess = createTestProvider(server)
  for (const behaviour of [
    { kind: 'rate_limited', retryDelay: '27s' },
    { kind: 'overloaded' },
    { kind: 'prompt_blocked' },
    { kind: 'text_only' },
    { kind: 'reset_mid_body' },
  ] as const) {
    server.behave(behaviour)
    const [ours, theirs] = [
      await failureOf(inProcess.call(aRequest, never)),
      await failureOf(call()),
    ]
    const { code, message, retryable, retryAfterMs, costNanoUsd } = ours
    expect(theirs).toMatchObject({ code, message, retryable })
    expect([theirs.retryAfterMs, theirs.costNanoUsd]).toEqual([retryAfterMs, costNanoUsd])
    expect(theirs.receipt).toEqual(ours.receipt)
    expect(ours.receipt !== undefined).toBe(/_blocked|text_/.test(behaviour.kind))
    expect(JSON.stringify(theirs.cause) ?? '').not.toContain(PROMPT)
  }
})

test('a call that is given up rejects with the reason, and is cut off', async () => {
  server.behave({ kind: 'hang' })
  const giveUp = new AbortController()
  const rejected = expect(call(giveUp.signal)).rejects.toThrow('enough')
  const { number } = await server.waitForCall()
  giveUp.abort(new Error('enough'))
  await rejected
  await server.waitForCall((each) => each.number === number && each.abandoned)
  await expect(call(giveUp.signal)).rejects.toThrow('enough')
  expect(server.countCalls()).toBe(1)
})

test('calls of a thread that ends are ambiguous, and the next has another one', async () => {
  server.behave({ kind: 'hang' })
  const failures = [failureOf(call()), failureOf(call())]
  await server.waitForCall(({ number }) => number === 2)
  await threaded.close()
  for (const failure of await Promise.all(failures)) expect(failure.code).toBe('ambiguous')
  server.behave({ kind: 'image' })
  await expect(call()).resolves.toMatchObject({ costNanoUsd: expect.any(Number) })
})
