import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Problem } from '../../src/contract/problem.ts'
import { createBatchedStatements } from '../../src/generation/submit/find-or-create.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, type Client, createClient } from '../support/client.ts'
import { newHookSecret, signHook } from '../support/hooks.ts'
import { aNewGeneration } from '../support/new-generation.ts'
import { bodyWith, type JsonRoute, listJsonRoutes, toPointer } from '../support/request-fields.ts'
import { GIVE_UP_MS } from '../support/standings.ts'

const SECRET = newHookSecret()
const HALF = 'half \ud83d'
const OPERATORS_ONLY = /^\/api\/(keys|sessions\/|budgets|spending\/|owners\/)/

let app: TestApp
let alice: Client
let operator: Client
let routes: JsonRoute[]

beforeAll(async () => {
  app = await startTestApp({ env: { HOOK_SECRETS: `cms:${SECRET}` } })
  alice = await createClient(app)
  operator = await createClient(app, 'ops', true)
  const response = await fetch(`${app.url}/openapi.json`)
  routes = listJsonRoutes((await response.json()) as never)
})
afterAll(() => app.stop())

/** Sends a body to a route as it wants it: by a token, or signed. */
const send = ({ method, path }: JsonRoute, text: string): Promise<Answer<Problem>> => {
  const isHook = path.startsWith('/api/hooks/')
  const headers = isHook
    ? { ...signHook(text, { secret: SECRET }), authorization: '' }
    : { 'content-type': 'application/json' }
  const id = `g_${'0'.repeat(40)}`
  const caller = OPERATORS_ONLY.test(path) ? operator : alice
  return caller.call(method.toUpperCase(), path.replace('{id}', id).replace('{scope}', 'all'), {
    body: text,
    headers,
  })
}

describe('a request with half a character', () => {
  test('is refused by name, and none of the strangers beside it fails', async () => {
    const strangers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => createClient(app, `stranger ${index}`)),
    )
    for (let round = 0; round < 5; round++) {
      const good = strangers.map((client) => client.generate({ prompt: `good ${round}` }))
      const bad = await alice.fail('POST', '/api/visualize/generate', {
        body: { prompt: `v ${round}`, variant: HALF },
      })
      expect(bad).toMatchObject({ status: 400, body: { errors: [{ pointer: '/variant' }] } })
      expect((await Promise.all(good)).map(({ status }) => status)).toEqual(Array(20).fill(202))
    }
  })

  test('is refused in whatever encoding it comes, and bytes that are no character are replaced', async () => {
    const send = (body: Buffer, charset: string) =>
      alice.call<Problem>('POST', '/api/visualize/generate', {
        body,
        headers: { 'content-type': `application/json; charset=${charset}` },
      })
    const text = `{"prompt":"utf-16","variant":"${HALF}"}`
    expect((await send(Buffer.from(text, 'utf16le'), 'utf-16le')).status).toBe(400)
    const escaped = Buffer.from('{"prompt":"x","variant":"half \\ud83d"}')
    expect((await send(escaped, 'utf-8')).status).toBe(400)
    const [before, after] = ['{"prompt":"raw","variant":"half ', '"}'].map((part) =>
      Buffer.from(part),
    )
    const raw = Buffer.concat([before ?? [], Buffer.from('eda0bd', 'hex'), after ?? []] as Buffer[])
    expect((await send(raw, 'utf-8')).status).toBe(202)
  })

  test('has it replaced in its prompt, which may have been cut off', async () => {
    const { status, body } = await alice.generate({ prompt: HALF })
    expect(status).toBe(202)
    expect(body.prompt).toBe('half \ufffd')
  })

  const MAY_BE_CUT_OFF = ['prompt', 'negativePrompt', 'text']

  test.each([
    ['half a character', HALF],
    ['a NUL', 'a\u0000b'],
  ])('or %s in whichever field is told which one', async (_name, text) => {
    expect(routes.length).toBeGreaterThan(10)
    for (const route of routes) {
      for (const field of route.fields) {
        const { status, body } = await send(route, JSON.stringify(bodyWith(field, text)))
        const pointers = body.errors?.map(({ pointer }) => pointer) ?? []
        const isReplaced = MAY_BE_CUT_OFF.includes(String(field.at(-1))) && text === HALF
        expect({ route: route.operationId, field, status, pointers }).toEqual({
          ...{ route: route.operationId, field },
          status: isReplaced ? expect.any(Number) : 400,
          pointers: isReplaced
            ? expect.not.arrayContaining([toPointer(field)])
            : expect.arrayContaining([toPointer(field)]),
        })
        expect(status).toBeLessThan(500)
      }
    }
  })

  test.each<[string, unknown]>([
    ['a text', { a: [{ b: HALF }] }],
    ['a key', { a: { [HALF]: 1 } }],
    ['a NUL', { a: 'x\u0000' }],
  ])("in an item's own data is told so: %s", async (_name, data) => {
    const answer = await alice.fail('POST', '/api/saved-items', { body: { title: 'x', data } })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/data' }] } })
  })

  test.each(['\ud83d', 'a\u0000', ''])('as whose it is is not let in: %j', async (owner) => {
    const nobody = await createClient(app, owner)
    const answer = await nobody.fail('POST', '/api/visualize/generate', { body: { prompt: 'x' } })
    expect(answer).toMatchObject({ status: 401, body: { detail: expect.stringMatching(/"sub"/) } })
  })
})

test('what a statement refuses for the sake of one row is done for all the others', async () => {
  const statements = createBatchedStatements(app.db, {
    refusalTtlMs: 0,
    maxInFlight: 10,
    giveUpMs: GIVE_UP_MS,
  })
  const rows = Array.from({ length: 20 }, (_, index) => aNewGeneration({ ownerId: `o${index}` }))
  const bad = [aNewGeneration({ variant: HALF }), aNewGeneration({ prompt: 'a\u0000' })]
  const settled = await Promise.allSettled(
    [...rows.slice(0, 9), ...bad, ...rows.slice(9)].map(statements.insert),
  )
  const failed = settled.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
  expect(failed).toEqual([9, 10])
  const found = await Promise.allSettled(
    [rows[0]?.fingerprint ?? '', 'a\u0000', rows[1]?.fingerprint ?? ''].map(statements.find),
  )
  expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('every address, whatever stands in it, is answered with a reason', async () => {
  const response = await fetch(`${app.url}/openapi.json`)
  const { paths } = (await response.json()) as { paths: Record<string, object> }
  const hostile = [
    '%00',
    '%ED%A0%80',
    '%FF',
    '%',
    'x'.repeat(5_000),
    '__proto__',
    '-1',
    '\u{1f6b2}',
  ]
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations)) {
      if (path.endsWith('/events') || !['get', 'delete'].includes(method)) continue
      for (const text of hostile) {
        const names = [
          'cursor',
          'limit',
          'owner',
          'status',
          'variant',
          'conditionImage',
          'from',
          'wait',
          'w',
          text,
        ]
        const query = names.map((name) => `${encodeURIComponent(name)}=${text}`).join('&')
        for (const address of [path.replace(/\{\w+\}/g, text), `${path}?${query}`]) {
          const { status } = await alice.call(method.toUpperCase(), address.replace(/[{}]/g, ''))
          expect([method, path, text.slice(0, 20), status < 500]).toEqual([
            method,
            path,
            text.slice(0, 20),
            true,
          ])
        }
      }
    }
  }
})

describe('every JSON route', () => {
  const nested = (open: string, close: string, depth: number) =>
    open.repeat(depth) + close.repeat(depth)
  const MILLION = Array.from({ length: 1_000_000 }, (_, index) => `"${index}":0`).join(',')
  const hasImage = [
    ...['submitGeneration', 'explainRequest', 'makeImage'],
    ...['saveItem', 'changeItem', 'saveByHook'],
  ]

  test('refuses what is nested too deeply', async () => {
    for (const route of routes) {
      for (const text of [nested('[', ']', 5_000), `{"data":${nested('{"a":', '}', 5_000)}}`]) {
        const { status, body } = await send(route, text.replace(':}', ':1}'))
        expect([route.operationId, status, body.code]).toEqual([
          ...[route.operationId, 400],
          'invalid_request',
        ])
      }
    }
  })

  test('refuses a million fields, and says little', async () => {
    for (const route of routes) {
      const { status, body } = await send(route, `{${MILLION}}`)
      const isLarge = !hasImage.includes(route.operationId) || route.operationId === 'saveByHook'
      expect([route.operationId, status]).toEqual([route.operationId, isLarge ? 413 : 400])
      expect(JSON.stringify(body).length).toBeLessThan(20_000)
    }
  })

  test('takes 64 KB unless there may be an image in it', async () => {
    for (const route of routes) {
      const { status, body } = await send(route, JSON.stringify({ x: 'x'.repeat(65_536) }))
      const isTaken = hasImage.includes(route.operationId)
      expect([route.operationId, status]).toEqual([route.operationId, isTaken ? 400 : 413])
      expect(JSON.stringify(body).length).toBeLessThan(20_000)
    }
  })
})
