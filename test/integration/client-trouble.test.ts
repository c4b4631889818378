import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createImageonceClient } from '../../src/client.ts'
import type { Generation } from '../../src/contract/generation.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { recordFetch } from '../support/client-fetch.ts'
import { createHolds } from '../support/held.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let proxy: TcpProxy
let holds: ReturnType<typeof createHolds>
let onInserted: (generationId: string) => void = () => {}

beforeAll(async () => {
  app = await startTestApp({
    overrides: { onStep: (id, step) => step === 'inserted' && onInserted(id) },
  })
  proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(app.url).port) })
  holds = createHolds(app.gemini)
})
afterAll(async () => {
  await app.stop()
  await proxy.close()
})
afterEach(async () => {
  onInserted = () => {}
  holds.release()
  await proxy.mend()
})

const connect = (
  fetch?: typeof globalThis.fetch,
  timeouts = { requestMs: 2_000, silenceMs: 2_000, giveUpMs: 10_000 },
) =>
  createImageonceClient({
    baseUrl: `http://127.0.0.1:${proxy.port}`,
    token: () => app.token(),
    telemetry: false,
    timeouts,
    ...(fetch && { fetch }),
  })

const STAND_IN = 'data:image/webp;base64,AAAA'

const unavailable = (retryAfter: string) => {
  const problem = { code: 'unavailable', detail: 'Later.', retryable: true, imageUrl: STAND_IN }
  return new Response(JSON.stringify(problem), {
    status: 503,
    headers: { 'Retry-After': retryAfter },
  })
}

describe('a submission', () => {
  test.each([
    ['forced', true],
    ['plain', false],
  ])(
    '(%s) whose answer is lost is repeated under its key, and is one generation',
    async (name, skipExistingCheck) => {
      const accepted: string[] = []
      onInserted = (id) => {
        if (accepted.length === 0) proxy.reset()
        accepted.push(id)
      }
      const { fetch, calls } = recordFetch()
      const before = app.gemini.calls.length
      const result = await connect(fetch).generate({ prompt: `lost ${name}`, skipExistingCheck })
      expect(result.status).toBe('succeeded')
      expect(accepted).toEqual([result.id])
      expect(app.gemini.calls.length - before).toBe(1)
      const submissions = calls.filter(({ method }) => method === 'POST')
      const keys = submissions.map(({ headers }) => headers.get('Idempotency-Key'))
      expect(keys).toHaveLength(2)
      expect(new Set(keys).size).toBe(1)
      expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
    },
  )

  test('to a server that is told to be spared comes back when it says so', async () => {
    const at: number[] = []
    const { fetch } = recordFetch((_call, count) => {
      at.push(performance.now())
      return count === 1 ? unavailable('1') : undefined
    })
    const result = await connect(fetch).generate({ prompt: 'spared' })
    expect(result.status).toBe('succeeded')
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(990)
  })

  test('is given up at once where the server wants more patience than there is', async () => {
    const { fetch, calls } = recordFetch(() => unavailable('60'))
    const result = await connect(fetch).generate({ prompt: 'no patience' })
    expect(result).toMatchObject({
      imageUrl: STAND_IN,
      isPlaceholder: true,
      error: { code: 'unavailable', message: 'Later.', retryable: true },
    })
    expect(calls).toHaveLength(1)
  })

  test('to a dead server resolves with the placeholder, and to one that comes back with the image', async () => {
    await proxy.cut()
    const client = connect(undefined, { requestMs: 500, silenceMs: 500, giveUpMs: 300 })
    const result = await client.generate({ prompt: 'dead' })
    expect(result).toMatchObject({
      status: 'failed',
      prompt: 'dead',
      isPlaceholder: true,
      imageUrl: expect.stringMatching(/^data:image/),
      error: { code: 'unreachable', retryable: true },
    })
    const { fetch, calls } = recordFetch()
    const waiting = connect(fetch).generate({ prompt: 'dead' })
    await waitFor(() => calls.length >= 2, { what: 'a second try' })
    await proxy.mend()
    expect((await waiting).status).toBe('succeeded')
  })

  test('that is swallowed by the network ends with the wait', async () => {
    proxy.swallow()
    const result = await connect().generate({ prompt: 'swallowed' }, { wait: 200 })
    expect(result).toMatchObject({ isPlaceholder: true, error: { code: 'timeout' } })
    proxy.reset()
  })
})

describe('a stream', () => {
  const follow = async (prompt: string, fetch?: typeof globalThis.fetch) => {
    const open = holds.hold()
    const heard: Generation[] = []
    const client = connect(fetch)
    const result = client.generate({ prompt }, { onState: (state) => heard.push(state) })
    await waitFor(() => heard.at(-1)?.status === 'running', { what: 'the generation to run' })
    return { open, heard, result }
  }

  test('that is cut goes on where it was, and tells nothing twice', async () => {
    const { fetch, calls } = recordFetch()
    const { open, heard, result } = await follow('cut', fetch)
    proxy.reset()
    const streams = () => calls.filter(({ path }) => path.endsWith('/events'))
    await waitFor(() => streams().length === 2, { what: 'the stream to be resumed' })
    open()
    expect((await result).status).toBe('succeeded')
    expect(streams()[0]?.headers.get('Last-Event-ID')).toBeNull()
    expect(streams()[1]?.headers.get('Last-Event-ID')).toBe('2')
    expect(new Set(heard.map((state) => JSON.stringify(state))).size).toBe(heard.length)
  })

  test('that was quiet for longer than the patience is resumed all the same', async () => {
    const { fetch, calls } = recordFetch()
    const giveUpMs = 400
    const open = holds.hold()
    const client = connect(fetch, { requestMs: 2_000, silenceMs: 2_000, giveUpMs })
    let toldAt = Number.POSITIVE_INFINITY
    const onState = ({ status }: Generation) => {
      if (status === 'running') toldAt = performance.now()
    }
    const result = client.generate({ prompt: 'quiet' }, { onState })
    await waitFor(() => performance.now() - toldAt > giveUpMs, { what: 'the quiet to last' })
    const before = calls.length
    proxy.reset()
    await waitFor(() => calls.length > before, { what: 'the stream to be resumed' })
    open()
    expect((await result).status).toBe('succeeded')
  })

  test('that falls silent without a word is made anew', async () => {
    const { open, result } = await follow('silent')
    proxy.swallow()
    open()
    await waitFor(
      async () =>
        (await connectDirectly().list({ limit: 1 })).generations[0]?.status === 'succeeded',
      { what: 'the image' },
    )
    await proxy.mend()
    expect((await result).status).toBe('succeeded')
    proxy.reset()
  })

  test('of a server that dies for good ends with the placeholder, and what was known', async () => {
    const { fetch } = recordFetch()
    const open = holds.hold()
    const client = connect(fetch, { requestMs: 500, silenceMs: 500, giveUpMs: 500 })
    const heard: Generation[] = []
    const result = client.generate(
      { prompt: 'dies for good' },
      { onState: (state) => heard.push(state) },
    )
    await waitFor(() => heard.at(-1)?.status === 'running', { what: 'the generation to run' })
    await proxy.cut()
    expect(await result).toMatchObject({
      id: heard[0]?.id,
      status: 'running',
      isPlaceholder: true,
      imageUrl: expect.stringMatching(/^data:image/),
      error: { code: 'unreachable' },
    })
    open()
  })

  test('that something on the way swallows is replaced by polling', async () => {
    const open = holds.hold()
    const { fetch, calls } = recordFetch(({ path }) =>
      path.endsWith('/events') ? new Response('') : undefined,
    )
    const result = connect(fetch).generate({ prompt: 'polled' })
    const polls = () => calls.filter(({ headers }) => headers.has('Prefer'))
    await waitFor(() => polls().length, { what: 'a poll' })
    open()
    expect((await result).status).toBe('succeeded')
    expect(polls()[0]?.headers.get('Prefer')).toBe('wait=20')
  })

  test('that is subscribed to outlasts every outage', async () => {
    const open = holds.hold()
    const client = connect(undefined, { requestMs: 500, silenceMs: 500, giveUpMs: 0 })
    const { id = '' } = await client.generate({ prompt: 'outlasted' }, { wait: 0 })
    const heard: Generation[] = []
    client.subscribe(id, (state) => heard.push(state))
    await waitFor(() => heard.length, { what: 'the first state' })
    await proxy.cut()
    open()
    await waitFor(async () => (await connectDirectly().get(id)).status === 'succeeded', {
      what: 'the image',
    })
    await proxy.mend()
    await waitFor(() => heard.at(-1)?.status === 'succeeded', {
      what: 'the end to be told',
    })
  })
})

/** Past the proxy, as somebody elsewhere. */
const connectDirectly = () =>
  createImageonceClient({ baseUrl: app.url, token: () => app.token(), telemetry: false })
