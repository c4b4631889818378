import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'

const MODEL = 'gemini-nano-banana-2.1'
const CALL = `/gemini/v1beta/models/${MODEL}:generateContent`
const SITE = 'https://app.example'
const HELD = 200
const SIGNED_OUT = { authorization: '' }

type GoogleError = {
  error: { code: number; message: string; status: string; details: Record<string, unknown>[] }
}
type Made = { candidates: { content: { parts: { inlineData: { data: string } }[] } }[] }

let app: TestApp
let alice: Client
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp({
    env: { CORS_ORIGINS: SITE, OWNER_MAX_OPEN: '5', OWNER_MAX_CALLS: String(HELD) },
  })
  alice = await createClient(app)
  holds = createHolds(app.gemini)
})
afterEach(() => holds.release())
afterAll(() => app.stop())

const say = (text: string) => ({ contents: [{ role: 'user', parts: [{ text }] }] })
const ask = <T = Made>(text: string, headers: Record<string, string> = {}, client = alice) =>
  client.call<T>('POST', CALL, { body: say(text), headers })
const dataOf = ({ candidates }: Made) => candidates[0]?.content.parts[0]?.inlineData.data

describe('a call by another provider’s API', () => {
  test('is held until its image is there, and a repeat has the same bytes for nothing', async () => {
    const first = await ask('a kite')
    expect(first.status).toBe(200)
    expect(first.headers.get('imageonce-reuse')).toBe('none')
    expect(first.headers.get('imageonce-saved-usd')).toBe('0')
    const calls = app.gemini.calls.length
    const again = await ask('a kite')
    expect(dataOf(again.body)).toBe(dataOf(first.body))
    expect(app.gemini.calls.length).toBe(calls)
    expect(again.headers.get('imageonce-reuse')).toBe('exact')
    expect(Number(again.headers.get('imageonce-saved-usd'))).toBeGreaterThan(0)
    const id = first.headers.get('imageonce-generation') ?? ''
    expect(again.headers.get('imageonce-generation')).toBe(id)
    const { body } = await alice.get(id)
    expect(body).toMatchObject({ status: 'succeeded', prompt: 'a kite' })
  })

  test('is the same image as by our own API', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'one of both' })
    const answer = await ask('one of both')
    expect(answer.headers.get('imageonce-generation')).toBe(body.id)
  })

  test('makes another by a header, and says which header is wrong', async () => {
    const first = await ask('a boat')
    const other = await ask('a boat', { 'Imageonce-Variant': 'b' })
    const anew = await ask('a boat', { 'Imageonce-Skip-Existing': 'true' })
    const ids = [first, other, anew].map(({ headers }) => headers.get('imageonce-generation'))
    expect(new Set(ids).size).toBe(3)
    const wrong = await ask<GoogleError>('a boat', { 'Imageonce-Skip-Existing': 'perhaps' })
    expect([wrong.status, wrong.body.error.message]).toEqual([
      400,
      'Imageonce-Skip-Existing must be true or false.',
    ])
  })

  test('may bring its key in whichever place, and is refused in the other API’s words', async () => {
    const token = await app.token()
    const places: [string, Record<string, string>][] = [
      [CALL, { 'x-goog-api-key': token }],
      [`${CALL}?key=${token}`, {}],
    ]
    for (const [path, headers] of places) {
      const answer = await fetch(`${app.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(say('a kite')),
      })
      expect(answer.status).toBe(200)
      await answer.arrayBuffer()
    }
    const elsewhere = await alice.call('GET', `/api/info?key=${token}`, { headers: SIGNED_OUT })
    expect(elsewhere.status).toBe(401)
    const wrong = await alice.call<GoogleError>('POST', `${CALL}?key=none`, {
      body: say('a kite'),
      headers: SIGNED_OUT,
    })
    expect(wrong.headers.get('content-type')).toMatch(/^application\/json/)
    expect(wrong.body.error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED' })
  })

  test.each([
    ['an unknown path', 'POST', '/gemini/v9/nothing', {}, 404, 'NOT_FOUND'],
    ['an unknown method', 'POST', CALL.replace('generate', 'imagine'), {}, 404, 'NOT_FOUND'],
    ['a NUL', 'POST', `${CALL}?a=%00`, {}, 400, 'INVALID_ARGUMENT'],
    ['no JSON', 'POST', CALL, '{', 400, 'INVALID_ARGUMENT'],
    ['a body of another shape', 'POST', CALL, {}, 400, 'INVALID_ARGUMENT'],
    ['too long a body', 'POST', CALL, { a: 'x'.repeat(22 * 1024 * 1024) }, 400, 'INVALID_ARGUMENT'],
  ])(
    'that is wrong by %s is told so as the other API would',
    async (_kind, method, path, body, status, name) => {
      const answer = await alice.call<GoogleError>(method, path, {
        body,
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
      expect([answer.status, answer.body.error.status]).toEqual([status, name])
    },
  )

  test('is told of what keeps the image from being made', async () => {
    app.gemini.behave({ kind: 'bad_request' })
    const refused = await ask<GoogleError>('what is refused')
    expect(refused.body.error).toMatchObject({ code: 400, status: 'INVALID_ARGUMENT' })
    const unknown = await alice.call<GoogleError>(
      'POST',
      '/gemini/v1beta/models/no-image:generateContent',
      { body: say('a kite') },
    )
    expect(unknown.body.error).toMatchObject({ code: 404, status: 'NOT_FOUND' })
  })

  test('is held against what its key may ask for and do', async () => {
    const operator = await createClient(app, 'ops', true)
    const make = async (fields: object) => {
      const { body } = await operator.call<{ key: string }>('POST', '/api/keys', {
        body: { name: 'k', ownerId: 'alice', ...fields },
      })
      return { authorization: `Bearer ${body.key}` }
    }
    const small = await make({ scopes: ['generate'], sizes: ['2K'] })
    const reading = await make({ scopes: ['read'] })
    for (const headers of [small, reading]) {
      const { status, body } = await ask<GoogleError>('a kite', headers)
      expect([status, body.error.status]).toEqual([403, 'PERMISSION_DENIED'])
    }
  })

  test('may come from a page of another origin, which may read its headers', async () => {
    const preflight = await fetch(`${app.url}${CALL}`, {
      method: 'OPTIONS',
      headers: {
        Origin: SITE,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'x-goog-api-key',
      },
    })
    expect(preflight.status).toBe(204)
    const answer = await ask('a kite', { Origin: SITE })
    expect(answer.headers.get('access-control-allow-origin')).toBe(SITE)
    expect(answer.headers.get('access-control-expose-headers')).toContain('Imageonce-Reuse')
  })

  test('is one of two hundred that are held, and the next is told to come back', async () => {
    const bob = await createClient(app, 'bob')
    const open = holds.hold()
    const calls = Array.from({ length: HELD + 1 }, () => ask<Made & GoogleError>('held', {}, bob))
    const refused = await Promise.race(calls)
    expect(refused.body.error).toMatchObject({ code: 429, status: 'RESOURCE_EXHAUSTED' })
    expect(refused.body.error.details).toContainEqual(expect.objectContaining({ retryDelay: '5s' }))
    open()
    const answers = (await Promise.all(calls)).filter(({ status }) => status === 200)
    expect(answers).toHaveLength(HELD)
    expect(new Set(answers.map(({ body }) => dataOf(body))).size).toBe(1)
    expect(app.gemini.calls.filter(({ prompt }) => prompt === 'held')).toHaveLength(1)
  })

  test('whose caller hangs up is made all the same', async () => {
    const open = holds.hold()
    const leaving = new AbortController()
    const left = alice
      .call('POST', CALL, { body: say('left alone'), signal: leaving.signal })
      .catch((error: Error) => error.name)
    await app.gemini.waitForCall((call) => call.prompt === 'left alone')
    leaving.abort()
    expect(await left).toBe('AbortError')
    open()
    const again = await ask('left alone')
    expect(again.status).toBe(200)
    expect(again.headers.get('imageonce-reuse')).not.toBe('none')
  })
})

test('a call that is held while the server stops is told to come again', async () => {
  const stopping = await startTestApp()
  const client = await createClient(stopping)
  const hold = createHolds(stopping.gemini)
  hold.hold()
  const held = client.call<GoogleError>('POST', CALL, { body: say('held') })
  await stopping.gemini.waitForCall((call) => call.prompt === 'held')
  const stopped = stopping.stopApis()
  const { status, body } = await held
  hold.release()
  await stopped
  await stopping.stop()
  expect([status, body.error.status]).toEqual([503, 'UNAVAILABLE'])
})
