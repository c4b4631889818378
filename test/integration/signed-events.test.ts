import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { createImageSigner } from '../../src/adapters/http/image-urls.ts'
import type { Generation } from '../../src/contract/generation.ts'
import type { Key } from '../../src/contract/key.ts'
import { DAY_MS } from '../../src/lib/time.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { openStream } from '../support/event-stream.ts'
import { createHolds } from '../support/held.ts'
import { waitFor } from '../support/wait-for.ts'

const SITE = 'https://app.example'
/** The same bicycle. */
const [BICYCLE, SAME] = [
  'Studio photo of a red bicycle in front of a white wall',
  'A red bicycle against a white wall, studio photo',
]
const MAX_OPEN = 3

let app: TestApp
let alice: Client
let operator: Client
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp({
    env: {
      EMBEDDING_SOURCE: 'local',
      SIMILARITY_MODE: 'suggest',
      OWNER_MAX_OPEN: String(MAX_OPEN),
      SWEEP_INTERVAL_MS: '200',
    },
  })
  alice = await createClient(app)
  operator = await createClient(app, 'ops', true)
  holds = createHolds(app.gemini)
})
afterAll(() => app.stop())
afterEach(() => holds.release())

const follow = (url: string, headers: Record<string, string> = {}) => openStream(url, { headers })

const statusOf = async (url: string, init: RequestInit = {}) => {
  const response = await fetch(url, init)
  await response.body?.cancel()
  return response.status
}

const withQuery = (url: string, query: Record<string, string>) => {
  const changed = new URL(url)
  for (const [name, value] of Object.entries(query)) changed.searchParams.set(name, value)
  return changed.href
}

const makeKey = async (input: object) => {
  const body = { name: 'a test’s', ownerId: 'alice', ...input }
  const { body: key } = await operator.call<Key>('POST', '/api/keys', { body })
  const client = await createClient({ url: app.url, token: async () => key.key ?? '' })
  return { id: key.id, client }
}

describe('the URL of a generation’s events', () => {
  test('wants no token, and tells pages of any origin how it goes and ends', async () => {
    const held = await holds.start(alice, 'a kite')
    const { body } = await alice.get(held.id)
    const stream = await follow(body.urls.events, { Origin: SITE })
    expect(stream.response.status).toBe(200)
    const { headers } = stream.response
    expect(headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-credentials')).toBeNull()
    held.open()
    const events = await stream.ended
    expect(events.map(({ event }) => event)).toEqual(['snapshot', 'generation.succeeded'])
    const { body: done } = await alice.get(held.id)
    const { events: _, ...urls } = done.urls
    // What its owner has for finding its like is nobody else's.
    const { fingerprint, ...shown } = done
    expect(fingerprint).toMatch(/^g_/)
    expect(events.at(-1)?.generation).toMatchObject({ ...shown, urls })
    expect(events.at(-1)?.generation).not.toHaveProperty('fingerprint')
    expect(await statusOf(done.urls.events, { method: 'HEAD' })).toBe(200)
  })

  test('resumes after what the header says, or the query where there is no header', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a glider' })
    const { events } = body.urls
    const readRest = async (url: string, headers = {}) =>
      (await (await follow(url, headers)).ended).map(({ id, event }) => `${id} ${event}`)
    const rest = ['2 snapshot', '3 generation.succeeded']
    expect(await readRest(events, { 'Last-Event-ID': '2' })).toEqual(rest)
    expect(await readRest(withQuery(events, { lastEventId: '2' }))).toEqual(rest)
    const [past, url] = [{ 'Last-Event-ID': '3' }, withQuery(events, { lastEventId: '2' })]
    expect((await follow(url, past)).response.status).toBe(204)
    expect(await statusOf(withQuery(events, { lastEventId: '3' }))).toBe(204)
    expect(await readRest(withQuery(events, { lastEventId: 'x' }))).toHaveLength(2)
  })

  test('is good for these events alone, as it was signed', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a kite' })
    const { body: other } = await alice.generateAndWait({ prompt: 'another kite' })
    const { events, image, self } = body.urls
    const { search, searchParams } = new URL(events)
    const signer = createImageSigner(...app.secrets.imageUrlSecrets)
    const ofImage = new URL(image).pathname.split('.')[1] ?? ''
    const exp = Number(searchParams.get('exp'))
    const yesterday = new Date(Date.now() - DAY_MS)
    const wrong = [
      other.urls.events.replace(/\?.*/, search),
      withQuery(events, { signature: '' }),
      withQuery(events, { signature: `${searchParams.get('signature')}A` }),
      withQuery(events, { signature: ofImage }),
      withQuery(events, { exp: String(exp + 1) }),
      events.replace(/exp=\d+&/, ''),
      `${events}&exp=${exp}`,
      withQuery(events, {
        exp: String(Math.floor(yesterday.getTime() / 1_000)),
        signature: signer.signEvents(body.id, yesterday),
      }),
      ...[self, `${self}/history`].map((url) => url + search),
      `${app.url}/api/generations${search}`,
    ]
    for (const url of wrong) expect([url, await statusOf(url)]).toEqual([url, 401])
    expect(await statusOf(`${body.urls.cancel}${search}`, { method: 'POST' })).toBe(401)
    expect(await statusOf(image.replace(ofImage, searchParams.get('signature') ?? ''))).toBe(404)
    const nobodys = `g_${'0'.repeat(40)}`
    const at = new Date(exp * 1_000)
    const signed = { exp: String(exp), signature: signer.signEvents(nobodys, at) }
    expect(await statusOf(withQuery(events.replace(body.id, nobodys), signed))).toBe(404)
  })

  test('ends in one to two days, and is the same all day', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a kite' })
    const aheadMs = Number(new URL(body.urls.events).searchParams.get('exp')) * 1_000 - Date.now()
    expect(aheadMs).toBeGreaterThan(DAY_MS - 60_000)
    expect(aheadMs).toBeLessThanOrEqual(2 * DAY_MS)
    const { headers } = await alice.get(body.id)
    const etag = headers.get('etag') ?? ''
    expect((await alice.get(body.id, { 'If-None-Match': etag })).status).toBe(304)
  })

  test('shows this one generation, and gives no URL that lasts longer', async () => {
    const seen = async (url: string) => (await (await follow(url)).ended).at(-1)?.generation
    const { body: first } = await alice.generateAndWait({ prompt: BICYCLE })
    const { body } = await alice.generateAndWait({ prompt: SAME })
    const { body: asOwner } = await alice.get(body.id)
    expect(asOwner.similar?.map(({ generationId }) => generationId)).toEqual([first.id])
    const shown = await seen(body.urls.events)
    expect(shown).toMatchObject({ id: body.id, prompt: SAME, imageUrl: body.imageUrl })
    expect(shown?.similar).toBeUndefined()
    expect(shown?.ownerId).toBeUndefined()
    expect(shown?.urls.events).toBe(`${body.urls.self}/events`)
    const fields = { prompt: `${SAME}.`, similarity: 'reuse' }
    const { body: reused } = await alice.generateAndWait(fields)
    expect(reused.reuse).toMatchObject({ source: 'similar', generationId: expect.any(String) })
    const { savedUsd } = reused.reuse ?? {}
    expect((await seen(reused.urls.events))?.reuse).toEqual({ source: 'similar', savedUsd })
  })

  test('is asked before a page may send headers of its own', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a kite' })
    const preflight = (url: string) =>
      fetch(url, {
        method: 'OPTIONS',
        headers: {
          Origin: SITE,
          'Access-Control-Request-Method': 'GET',
          'Access-Control-Request-Headers': 'last-event-id',
        },
      })
    const { status, headers } = await preflight(body.urls.events)
    expect(status).toBe(204)
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-allow-headers')).toBe('last-event-id')
    const refused = await preflight(withQuery(body.urls.events, { signature: 'A' }))
    expect(refused.status).toBe(401)
    expect(refused.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('a token beside it', () => {
  test('says who reads, and what: the signature is not looked at', async () => {
    const { body } = await alice.generateAndWait({ prompt: SAME })
    const bob = await createClient(app, 'bob')
    const statusAs = ({ authorization }: Client, url: string) =>
      statusOf(url, { headers: { authorization } })
    expect(await statusAs(bob, body.urls.events)).toBe(404)
    expect(await statusAs(alice, withQuery(body.urls.events, { exp: '1' }))).toBe(200)
    const { authorization } = operator
    const events = await (await follow(body.urls.events, { authorization })).ended
    expect(events.at(-1)?.generation.ownerId).toBe('alice')
    expect(await statusOf(`${body.urls.self}/events`)).toBe(401)
  })
})

describe('who is told it', () => {
  const isSigned = ({ urls }: Generation) => urls.events.includes('signature=')

  test('is whoever may follow the generation', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a kite' })
    expect(isSigned(body)).toBe(true)
    expect(isSigned((await operator.get(body.id)).body)).toBe(true)
    const reading = await makeKey({ scopes: ['read'] })
    expect(isSigned((await reading.client.get(body.id)).body)).toBe(true)
    const asking = await makeKey({ scopes: ['generate'] })
    const { body: asked } = await asking.client.generateAndWait({ prompt: 'a kite' })
    expect(asked.id).toBe(body.id)
    expect(isSigned(asked)).toBe(false)
    const { body: list } = await alice.call<{ generations: Generation[] }>(
      'GET',
      '/api/generations',
    )
    expect(list.generations.every(isSigned)).toBe(true)
  })

  test('may hand it on: it outlasts the key that it was told to', async () => {
    const { id, client } = await makeKey({ scopes: ['read', 'generate'] })
    const { body } = await client.generateAndWait({ prompt: 'a kite' })
    await operator.call('DELETE', `/api/keys/${id}`)
    await waitFor(async () => (await client.call('GET', body.urls.self)).status === 401, {
      what: 'the key to be over',
    })
    expect(await statusOf(body.urls.events)).toBe(200)
  })
})

test('readers by the URL take no place of the owner’s own, and have as many among them', async () => {
  const held = await holds.start(alice, 'a kite that all look at')
  const { body } = await alice.get(held.id)
  const streams = await Promise.all(
    Array.from({ length: MAX_OPEN }, () => follow(body.urls.events)),
  )
  expect(streams.map(({ response }) => response.status)).toEqual(Array(MAX_OPEN).fill(200))
  const refused = await fetch(body.urls.events)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('access-control-allow-origin')).toBe('*')
  await refused.body?.cancel()
  const { authorization } = alice
  const own = await openStream(`${body.urls.self}/events`, { headers: { authorization } })
  expect(own.response.status).toBe(200)
  streams[0]?.close()
  await waitFor(async () => (await statusOf(body.urls.events)) === 200, { what: 'a place' })
  held.open()
  await Promise.all([own, ...streams.slice(1)].map(({ ended }) => ended))
})

test('of an owner that is erased they are gone, and a stream that is open ends', async () => {
  const carol = await createClient(app, 'carol')
  const held = await holds.start(carol, 'a kite of Carol')
  const { body } = await carol.get(held.id)
  const stream = await follow(body.urls.events)
  await waitFor(() => stream.events.length, { what: 'the snapshot' })
  await carol.call('DELETE', '/api/me')
  held.open()
  await stream.ended
  await waitFor(async () => (await statusOf(body.urls.events)) === 404, {
    what: 'the generation to be erased',
    timeoutMs: 60_000,
  })
})
