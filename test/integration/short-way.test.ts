import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'

/*
 * An address with a slash at its end is one that the short way does not know: Express leads it to the same handlers.
 */

let app: TestApp
let alice: Client
let id: string
let digest: string

beforeAll(async () => {
  app = await startTestApp({ env: { CORS_ORIGINS: 'https://app.example' } })
  alice = await createClient(app)
  await (await createClient(app, 'ops', true)).generateAndWait({ prompt: 'the same' })
  const made = await alice.generateAndWait({ prompt: 'the same' })
  id = made.body.id
  digest = (await alice.get(id)).headers.get('etag') ?? ''
})
afterAll(() => app.stop())

type Sent = {
  body?: NonNullable<RequestInit['body']>
  headers?: Record<string, string | undefined>
  path?: string
}

const SAME = JSON.stringify({ prompt: 'the same' })
const JSON_TYPE = { 'content-type': 'application/json' }

const SUBMISSIONS: Record<string, () => Sent | Promise<Sent>> = {
  'an image that exists': () => ({ body: SAME }),
  'and is waited for': () => ({ body: SAME, headers: { prefer: 'wait=5' } }),
  'from an origin': () => ({ body: SAME, headers: { origin: 'https://app.example' } }),
  'from another origin': () => ({ body: SAME, headers: { origin: 'https://other.example' } }),
  'with an id of the request': () => ({ body: SAME, headers: { 'x-request-id': 'r1' } }),
  'with a key': () => ({ body: SAME, headers: { 'idempotency-key': 'k1' } }),
  'with a wrong key': () => ({ body: SAME, headers: { 'idempotency-key': 'ü' } }),
  'with a wrong wait': () => ({ body: SAME, headers: { prefer: 'wait=soon' } }),
  'without a token': () => ({ body: SAME, headers: { authorization: undefined } }),
  'with a wrong token': () => ({ body: SAME, headers: { authorization: 'Bearer x.y.z' } }),
  'of an operator': async () => ({ body: SAME, headers: { authorization: await operator() } }),
  'that names its charset': () => ({
    body: SAME,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  }),
  'of another charset': () => ({
    body: Buffer.from(SAME, 'utf16le'),
    headers: { 'content-type': 'application/json; charset=utf-16' },
  }),
  'of no known charset': () => ({
    body: SAME,
    headers: { 'content-type': 'application/json; charset=x' },
  }),
  'with a byte order mark': () => ({ body: `\ufeff${SAME}` }),
  compressed: () => ({ body: gzipSync(SAME), headers: { 'content-encoding': 'gzip' } }),
  'compressed in an unknown way': () => ({ body: SAME, headers: { 'content-encoding': 'lz' } }),
  'in chunks': () => ({ body: new Blob([SAME]).stream() as NonNullable<RequestInit['body']> }),
  'of another type': () => ({ body: SAME, headers: { 'content-type': 'text/plain' } }),
  'without a body': () => ({}),
  'with an empty body': () => ({ body: '' }),
  'of broken JSON': () => ({ body: '{"prompt": ' }),
  'of bytes that are no text': () => ({ body: new Uint8Array([0x22, 0xff, 0x22]) }),
  'of too many levels': () => ({ body: `${'['.repeat(200)}${']'.repeat(200)}` }),
  'of wrong fields': () => ({ body: JSON.stringify({ prompt: 5, more: true }) }),
  'of a long prompt': () => ({ body: JSON.stringify({ prompt: 'long '.repeat(100_000) }) }),
  'that is too large': () => ({ body: 'x'.repeat(20_000_000) }),
  'with a query': () => ({ body: SAME, path: '?a=1' }),
}

const READS: Record<string, () => Sent | Promise<Sent>> = {
  'an image that exists': () => ({ path: id }),
  'that the caller has': () => ({ path: id, headers: { 'if-none-match': digest } }),
  'and is waited for': () => ({ path: id, headers: { prefer: 'wait=5' } }),
  "an operator's": async () => ({ path: id, headers: { authorization: await operator() } }),
  "another's": async () => ({ path: id, headers: { authorization: await stranger() } }),
  'without a token': () => ({ path: id, headers: { authorization: undefined } }),
  'of no generation': () => ({ path: 'g_1' }),
  'of an encoded id': () => ({ path: id.replace('g_', 'g%5F') }),
  'of a broken id': () => ({ path: 'g_%E0' }),
}

const operator = async () => `Bearer ${await app.token('ops', true)}`
const stranger = async () => `Bearer ${await app.token('mallory')}`

const ask = async (method: string, path: string, { body, headers = {} }: Sent) => {
  const all = {
    authorization: alice.authorization,
    ...(body !== undefined && JSON_TYPE),
    ...headers,
  }
  const sent = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined)
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: sent,
    ...(body !== undefined && { body, duplex: 'half' }),
  } as RequestInit)
  const own = new Set(['date', 'x-request-id', 'ratelimit'])
  const answered = [...response.headers].filter(([name]) => !own.has(name))
  const hasOwnId = response.headers.get('x-request-id') === 'r1'
  const text = (await response.text()).replace(/"requestId":"[^"]*"/, '')
  return { status: response.status, headers: answered, hasOwnId, text: text.replaceAll('//', '/') }
}

test.each(Object.entries(SUBMISSIONS))(
  'a submission %s is answered alike on both ways',
  async (_, describe) => {
    const path = '/api/visualize/generate'
    const sent = await describe()
    const [short, long] = [
      await ask('POST', `${path}${sent.path ?? ''}`, sent),
      await ask('POST', `${path}/${sent.path ?? ''}`, await describe()),
    ]
    expect(short).toEqual(long)
    expect(short.status).toBeLessThan(500)
  },
)

test.each(Object.entries(READS))(
  'the reading of %s is answered alike on both ways',
  async (_, describe) => {
    const sent = await describe()
    const [short, long] = [
      await ask('GET', `/api/generations/${sent.path}`, sent),
      await ask('GET', `/api/generations/${sent.path}/`, sent),
    ]
    expect(short).toEqual(long)
    expect(short.status).toBeLessThan(500)
  },
)
