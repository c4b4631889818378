import { get } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createImageonceClient } from '../../src/client.ts'
import type { Generation } from '../../src/contract/generation.ts'
import type { Key } from '../../src/contract/key.ts'
import type { Problem } from '../../src/contract/problem.ts'
import type { SavedItem } from '../../src/contract/saved-item.ts'
import type { Spending } from '../../src/contract/spending.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { expectProblem } from '../support/problems.ts'
import { startProgram } from '../support/program.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let admin: Client

beforeAll(async () => {
  app = await startTestApp({ apis: 2 })
  admin = await createClient(app, 'ops', true)
})
afterAll(() => app.stop())

/** A new key, and who calls with it. */
const makeKey = async (input: object, api = 0) => {
  const body = { name: 'a test’s', ...input }
  const { status, body: made } = await admin.call<Key>('POST', '/api/keys', { body })
  expect({ status, made }).toMatchObject({ status: 201 })
  const secret = made.key ?? ''
  const client = await createClient({ url: app.urls[api] ?? '', token: async () => secret })
  return { ...made, secret, client }
}

const generate = '/api/visualize/generate'
const revoke = (id: string) => admin.call<Key>('DELETE', `/api/keys/${id}`)
const ownerOf = async ({ id }: Generation) => {
  const { body } = await admin.get(id)
  return body.ownerId
}

describe('a key', () => {
  test('is shown once, and kept as a digest', async () => {
    const { id, secret, prefix } = await makeKey({ ownerId: 'alice' })
    expect(secret.startsWith(prefix)).toBe(true)
    const { body } = await admin.call<{ keys: Key[] }>('GET', '/api/keys')
    const listed = body.keys.find((key) => key.id === id)
    expect(listed).toMatchObject({ status: 'active', ownerId: 'alice', createdBy: 'ops', prefix })
    expect(JSON.stringify(body)).not.toContain(secret)
    const { rows } = await sql<{ text: string }>`
      select access_keys::text as text from access_keys where id = ${id}`.execute(app.db)
    expect(rows[0]?.text).not.toContain(secret.slice(12))
  })

  test('is taken in every header that APIs use', async () => {
    const { secret } = await makeKey({ ownerId: 'alice' })
    const statusOf = async (headers: Record<string, string>) => {
      const response = await fetch(`${app.url}/api/generations?limit=1`, { headers })
      await response.arrayBuffer()
      return response.status
    }
    for (const headers of [
      { authorization: `Bearer ${secret}` },
      { authorization: `Key ${secret}` },
      { 'x-api-key': secret },
      { 'x-goog-api-key': secret },
      { 'x-api-key': await app.token() },
    ]) {
      expect(await statusOf(headers)).toBe(200)
    }
    const wrong = `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`
    expect(await statusOf({ 'x-api-key': wrong })).toBe(401)
    expect(await statusOf({ authorization: `Basic ${secret}`, 'x-api-key': secret })).toBe(401)
  })

  test('of an owner asks for that owner, and names no other', async () => {
    const { client } = await makeKey({ ownerId: 'alice' })
    const { body } = await client.generateAndWait({ prompt: 'by key' })
    expect(body.status).toBe('succeeded')
    const alice = await createClient(app)
    expect((await alice.get(body.id)).status).toBe(200)
    const named = { 'Imageonce-Owner': 'bob' }
    const refused = await client.fail('GET', '/api/generations', { headers: named })
    expectProblem(refused, { status: 403, code: 'forbidden', pointers: ['Imageonce-Owner'] })
    const byToken = await alice.fail('GET', '/api/generations', { headers: named })
    expectProblem(byToken, { status: 403, code: 'forbidden' })
  })

  test('on behalf asks for whom the request names, apart from each other', async () => {
    const { client } = await makeKey({ onBehalf: true })
    const by = (owner: string) => ({ 'Imageonce-Owner': owner })
    const { body: of1 } = await client.generate({ prompt: 'on behalf' }, by('user-1'))
    const { body: of2 } = await client.generate({ prompt: 'on behalf' }, by('user-2'))
    expect(await ownerOf(of1)).toBe('user-1')
    expect(of2.id).not.toBe(of1.id)
    expect((await client.get(of1.id, by('user-1'))).status).toBe(200)
    const foreign = await client.fail('GET', `/api/generations/${of1.id}`, {
      headers: by('user-2'),
    })
    expectProblem(foreign, { status: 404, code: 'not_found' })
    const { body: of3 } = await client.generate({ prompt: 'on behalf' }, by('z%C3%B6e'))
    expect(await ownerOf(of3)).toBe('zöe')
    for (const headers of [{}, by(''), by('%00'), by('%zz'), by('x'.repeat(256))]) {
      const refused = await client.fail('GET', '/api/generations', { headers })
      expectProblem(refused, {
        status: 400,
        code: 'invalid_request',
        pointers: ['Imageonce-Owner'],
      })
    }
  })

  test('pays for the images of what it saves, until that is changed otherwise', async () => {
    const { id, client } = await makeKey({ ownerId: 'saver', scopes: ['read', 'items'] })
    const { body: item } = await client.call<SavedItem>('POST', '/api/saved-items', {
      body: { prompt: 'saved by key' },
    })
    const keyOf = (prompt: string) =>
      app.db.selectFrom('generations').select('keyId').where('prompt', '=', prompt).execute()
    expect(await keyOf('saved by key')).toEqual([{ keyId: id }])
    const saver = await createClient(app, 'saver')
    const path = `/api/saved-items/${item.id}`
    await saver.call('PATCH', path, { body: { title: 'a title alone' } })
    await saver.call('PATCH', path, { body: { prompt: 'changed by token' } })
    expect(await keyOf('changed by token')).toEqual([{ keyId: null }])
    await client.call('PATCH', path, { body: { prompt: 'changed by key' } })
    expect(await keyOf('changed by key')).toEqual([{ keyId: id }])
  })

  test('on behalf serves the client, for the owner that it is made for', async () => {
    const { secret } = await makeKey({ onBehalf: true })
    const options = { baseUrl: app.url, token: secret, telemetry: false, owner: 'zöe & co' }
    const result = await createImageonceClient(options).generate({ prompt: 'by the client' })
    expect(result.status).toBe('succeeded')
    const { body } = await admin.get(result.id ?? '')
    expect(body.ownerId).toBe('zöe & co')
  })

  test('on behalf is refused where two owners are named', async () => {
    const { secret } = await makeKey({ onBehalf: true })
    const { port } = new URL(app.url)
    const headers = ['x-api-key', secret, 'Imageonce-Owner', 'one', 'imageonce-owner', 'two']
    const statusCode = await new Promise((resolve, reject) => {
      const request = get({ host: '127.0.0.1', port, path: '/api/info', headers }, (response) =>
        resolve(response.resume().statusCode),
      )
      request.on('error', reject)
    })
    expect(statusCode).toBe(400)
  })

  test('may do what its scopes say, and makes no other keys', async () => {
    const { client: reader } = await makeKey({ ownerId: 'alice', scopes: ['read'] })
    expect((await reader.call('GET', '/api/generations')).status).toBe(200)
    const refused = await reader.fail('POST', generate, { body: { prompt: 'no' } })
    expectProblem(refused, { status: 403, code: 'forbidden' })
    expect(refused.body.detail).toContain('"generate"')
    const everything = ['read', 'generate', 'upload', 'delete', 'items', 'webhooks']
    const { client: all } = await makeKey({ ownerId: 'alice', scopes: everything })
    const body = { name: 'more', ownerId: 'alice', scopes: ['admin'] }
    for (const client of [all, await createClient(app)]) {
      expectProblem(await client.fail('POST', '/api/keys', { body }), {
        status: 403,
        code: 'forbidden',
      })
    }
    const { client: operator } = await makeKey({ ownerId: 'olga', scopes: ['admin'] })
    expect((await operator.call('GET', '/api/keys')).status).toBe(200)
  })

  test('may do no more through the doors that ask for themselves', async () => {
    const { secret } = await makeKey({ ownerId: 'alice', scopes: ['items'] })
    const made = await (await createClient(app)).generateAndWait({ prompt: 'bare' })
    const headers = { authorization: `Bearer ${secret}` }
    const image = await fetch(`${app.url}/images/${made.body.id}`, { headers })
    expect(image.status).toBe(403)
    const events = await fetch(`${app.url}/api/telemetry`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: secret, events: [] }),
    })
    expect(events.status).toBe(403)
    const board = await fetch(`${app.url}/admin/queues`, { headers, redirect: 'manual' })
    expect(board.status).not.toBe(200)
  })

  test('is of the pages that it names, and of no others', async () => {
    const origin = 'https://app.example'
    const { client } = await makeKey({ ownerId: 'alice', origins: [origin] })
    const statusFrom = async (headers: Record<string, string>) =>
      (await client.call('GET', '/api/info', { headers })).status
    expect(await statusFrom({ Origin: origin })).toBe(200)
    expect(await statusFrom({ Origin: 'https://app.example.evil' })).toBe(403)
    expect(await statusFrom({})).toBe(403)
  })

  test('is over when its time is', async () => {
    const { id, client } = await makeKey({ ownerId: 'alice', expiresAt: '2031-01-01T00:00:00Z' })
    expect((await client.call('GET', '/api/info')).status).toBe(200)
    const past = await makeKey({ ownerId: 'alice', expiresAt: '2020-01-01T00:00:00Z' })
    expectProblem(await past.client.fail('GET', '/api/info'), {
      status: 401,
      code: 'unauthenticated',
    })
    const { body } = await admin.call<{ keys: Key[] }>('GET', '/api/keys')
    const statusOf = (key: string) => body.keys.find((each) => each.id === key)?.status
    expect([statusOf(id), statusOf(past.id)]).toEqual(['active', 'expired'])
  })

  test('with a budget pays for no image beyond it, and says what it has spent', async () => {
    const { id, client } = await makeKey({ ownerId: 'alice', dailyUsd: 0.01 })
    const body = { prompt: 'beyond its budget' }
    const refused = await client.fail('POST', '/api/visualize/generate', { body })
    expectProblem(refused, { status: 429, code: 'budget_exceeded' })
    expect(refused.body.detail).toContain('daily budget of this key')
    const { body: spent } = await client.call<Spending>('GET', '/api/spending')
    expect(spent.sums).toContainEqual(
      expect.objectContaining({ scope: `key:${id}`, period: 'day', limitUsd: 0.01 }),
    )
  })

  test('has the time of its last use written down beside the request', async () => {
    const { id, client } = await makeKey({ ownerId: 'alice' })
    await client.call('GET', '/api/info')
    const read = async () => {
      const { body } = await admin.call<{ keys: Key[] }>('GET', '/api/keys')
      return body.keys.find((key) => key.id === id)?.lastUsedAt
    }
    expect(await waitFor(read, { what: 'the time to be written' })).toEqual(expect.any(String))
  })
})

describe('a key that is revoked', () => {
  /** Less than what is remembered without a word counts, so that it is the word that does it. */
  const SOON = { timeoutMs: 8_000 }

  test('is refused by every process', async () => {
    const { id, secret, client } = await makeKey({ ownerId: 'alice' })
    const second = await createClient({ url: app.urls[1] ?? '', token: async () => secret })
    for (const each of [client, second]) {
      expect((await each.call('GET', '/api/info')).status).toBe(200)
    }
    expect((await revoke(id)).body).toMatchObject({ status: 'revoked' })
    for (const each of [client, second]) {
      const isRefused = async () => (await each.call('GET', '/api/info')).status === 401
      await waitFor(isRefused, { what: 'the key to be refused', ...SOON })
    }
    expect((await revoke(id)).status).toBe(200)
    expectProblem(await admin.fail('DELETE', '/api/keys/k_none'), {
      status: 404,
      code: 'not_found',
    })
  })

  test('takes the sessions with it that were begun by it', async () => {
    const { id, secret } = await makeKey({ ownerId: 'alice', scopes: ['read'] })
    const response = await fetch(`${app.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'Sec-Fetch-Site': 'same-origin' },
      body: JSON.stringify({ token: secret }),
    })
    expect(await response.json()).toMatchObject({ ownerId: 'alice', isAdmin: false })
    const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';')
    const call = (path: string, init: RequestInit = {}) =>
      fetch(`${app.urls[1]}${path}`, {
        ...init,
        headers: { cookie, 'Sec-Fetch-Site': 'same-origin', 'content-type': 'application/json' },
      })
    expect((await call('/api/generations')).status).toBe(200)
    const body = JSON.stringify({ prompt: 'beyond the scope' })
    expect((await call(generate, { method: 'POST', body })).status).toBe(403)
    await revoke(id)
    const isOver = async () => (await call('/api/generations')).status === 401
    await waitFor(isOver, { what: 'the session to be over', ...SOON })
  })
})

test('the keys of an owner go with the owner', async () => {
  const gone = await makeKey({ ownerId: '1', namespace: 'gone' })
  const stays = await makeKey({ ownerId: '1' })
  const { body: made } = await gone.client.generateAndWait({ prompt: 'to be erased' })
  expect(made.status).toBe('succeeded')
  expect((await admin.call('DELETE', '/api/owners/gone::1')).status).toBe(202)
  const isGone = async () => (await gone.client.call('GET', '/api/info')).status === 401
  await waitFor(isGone, { what: 'the key to be gone' })
  expect((await stays.client.call('GET', '/api/info')).status).toBe(200)
})

describe('namespaces', () => {
  test('of two apps share nothing, though both have a user "1"', async () => {
    const shop = await makeKey({ onBehalf: true, namespace: 'shop' })
    const blog = await makeKey({ onBehalf: true, namespace: 'blog' })
    const headers = { 'Imageonce-Owner': '1' }
    const { body: ofShop } = await shop.client.generate({ prompt: 'the same words' }, headers)
    const { body: ofBlog } = await blog.client.generate({ prompt: 'the same words' }, headers)
    expect(await ownerOf(ofShop)).toBe('shop::1')
    expect(ofBlog.id).not.toBe(ofShop.id)
    const foreign = await blog.client.fail('GET', `/api/generations/${ofShop.id}`, { headers })
    expectProblem(foreign, { status: 404, code: 'not_found' })
  })

  test('are reached by who has them alone', async () => {
    const { client } = await makeKey({ onBehalf: true })
    const refused: { status: number; headers: Headers; body: Problem } = await client.fail(
      'GET',
      '/api/generations',
      { headers: { 'Imageonce-Owner': 'shop::1' } },
    )
    expectProblem(refused, { status: 403, code: 'forbidden' })
    const token = await createClient(app, 'shop::1')
    expectProblem(await token.fail('GET', '/api/generations'), {
      status: 401,
      code: 'unauthenticated',
    })
    const body = { name: 'sneaky', ownerId: 'shop::1' }
    expectProblem(await admin.fail('POST', '/api/keys', { body }), {
      status: 400,
      code: 'invalid_request',
      pointers: ['/ownerId'],
    })
  })
})

test('the command line makes, lists and revokes keys', async () => {
  const env = { DATABASE_URL: app.config.database.url ?? '', DATA_DIR: app.dataDir }
  const run = async (...args: string[]) => (await startProgram(['keys', ...args], env)).ended()
  const made = await run('create', '--name', 'cli', '--owner', 'carol', '--scopes', 'read,items')
  expect(made).toMatchObject({ code: 0, err: expect.stringMatching(/^k_[0-9a-f]{40}: /) })
  const secret = made.out.trim()
  const carol = await createClient({ url: app.url, token: async () => secret })
  expect((await carol.call('GET', '/api/saved-items')).status).toBe(200)
  const [id = ''] = made.err.split(':')
  const listed = await run('list')
  expect(listed.out).toMatch(new RegExp(`^${id}  ${secret.slice(0, 9)}…  active  carol  `, 'm'))
  expect((await run('revoke', id)).out).toContain('revoked')
  const isRefused = async () => (await carol.call('GET', '/api/saved-items')).status === 401
  await waitFor(isRefused, { what: 'the key to be refused' })
  const wrong = await run('create', '--name', 'none', '--scopes', 'all', '--per-minute', 'many')
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('scopes.0') })
})
