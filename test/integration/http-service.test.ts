import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Generation } from '../../src/contract/generation.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createTestDatabase } from '../support/database.ts'
import { createHolds } from '../support/held.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let alice: Client
let holds: ReturnType<typeof createHolds>

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  holds = createHolds(app.gemini)
})
afterAll(() => app.stop())
afterEach(() => holds.release())

test("an operator may read another owner's generation", async () => {
  const { body } = await alice.generateAndWait({ prompt: 'a bell' })
  const operator = await createClient(app, 'operator', true)
  expect((await operator.get(body.id)).body).toMatchObject({ id: body.id, prompt: 'a bell' })
})

test('the URLs in an answer lead where they say', async () => {
  const { body } = await alice.generateAndWait({ prompt: 'a signpost' })
  const self = await alice.call<Generation>('GET', body.urls.self)
  expect(self.body).toMatchObject({ id: body.id, status: 'succeeded' })
  const events = await alice.call<string>('GET', body.urls.events)
  expect(events.headers.get('content-type')).toMatch(/^text\/event-stream/)
  const image = await fetch(body.urls.image)
  expect(image.headers.get('content-type')).toBe('image/png')
  const shown = await fetch(body.imageUrl)
  expect(await shown.arrayBuffer()).toEqual(await image.arrayBuffer())
  const cancel = await alice.fail('POST', body.urls.cancel)
  expectProblem(cancel, { status: 409, code: 'already_finished' })
})

test('the URLs in an answer are under the public address when there is one', async () => {
  const other = await startTestApp({
    workers: 0,
    env: { PUBLIC_URL: 'https://images.example.com/' },
  })
  try {
    const client = await createClient(other)
    const { headers, body } = await client.generate({ prompt: 'a gate' })
    for (const url of [...Object.values(body.urls), body.imageUrl, headers.get('location')]) {
      expect(url).toMatch(/^https:\/\/images\.example\.com\/(api|images)\//)
    }
  } finally {
    await other.stop()
  }
})

test('what the server would use and allow is told, and nothing that is secret', async () => {
  const { status, body } = await alice.call<Record<string, unknown>>('GET', '/api/info')
  expect(status).toBe(200)
  expect(body).toMatchObject({
    name: 'imageonce',
    provider: 'gemini',
    defaultModel: expect.any(String),
  })
  expect(Object.keys(body).sort()).toEqual(
    ['caller', 'defaultModel', 'limits', 'models', 'name', 'provider', 'version'].sort(),
  )
  const text = JSON.stringify(body)
  const { jwtSecrets, imageUrlSecrets } = app.secrets
  const { database, dataDir } = app.config
  for (const secret of [...jwtSecrets, ...imageUrlSecrets, 'test-key', database.url, dataDir]) {
    expect(text).not.toContain(secret)
  }
})

describe('health', () => {
  test('is told without a token', async () => {
    for (const path of ['/livez', '/readyz']) {
      const response = await fetch(`${app.url}${path}`)
      expect(response.status).toBe(200)
      expect(response.headers.get('cache-control')).toBe('no-store')
    }
    const ready = await (await fetch(`${app.url}/readyz`)).json()
    expect(ready).toEqual({ status: 'ok', checks: { database: 'ok', queue: 'ok', store: 'ok' } })
  })

  test('with the database gone is "alive, not ready", and requests are told to come back', async () => {
    const database = await createTestDatabase()
    const proxy = await startPostgresProxy(database.url)
    const other = await startTestApp({ workers: 0, env: { DATABASE_URL: proxy.url } })
    try {
      const client = await createClient(other)
      const { body } = await client.generate({ prompt: 'before the storm' })
      await proxy.cut()
      const ready = await fetch(`${other.url}/readyz`)
      expect(ready.status).toBe(503)
      expect(await ready.json()).toMatchObject({
        status: 'not_ready',
        checks: { database: 'failed' },
      })
      expect((await fetch(`${other.url}/livez`)).status).toBe(200)
      for (const [method, path] of [
        ['GET', `/api/generations/${body.id}`],
        ['GET', '/api/generations'],
        ['GET', `/api/generations/${body.id}/events`],
        ['POST', `/api/generations/${body.id}/cancel`],
      ] as const) {
        const answer = await client.fail(method, path)
        expectProblem(answer, { status: 503, code: 'unavailable' })
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      }
      await proxy.mend()
      await waitFor(async () => (await fetch(`${other.url}/readyz`)).status === 200, {
        what: 'the server to be ready again',
      })
      expect((await client.get(body.id)).status).toBe(200)
    } finally {
      await proxy.mend()
      await other.stop()
      await proxy.close()
      await database.drop()
    }
  })
})

describe('the older endpoint', () => {
  const submit = (body: Record<string, unknown>) =>
    alice.call<Generation>('POST', '/api/visualize/image', { body })

  test('always makes a new image, waits for it, and says what has come after it', async () => {
    const first = await submit({ prompt: 'an old door' })
    const second = await submit({ prompt: 'an old door' })
    for (const { status, headers, body } of [first, second]) {
      expect(status).toBe(200)
      expect(body).toMatchObject({ status: 'succeeded', isExisting: false })
      expect(headers.get('deprecation')).toMatch(/^@\d+$/)
      expect(headers.get('link')).toBe(
        `<${app.url}/api/visualize/generate>; rel="successor-version"`,
      )
    }
    expect(first.body.id).not.toBe(second.body.id)
    expect(app.gemini.countCalls('an old door')).toBe(2)
    const newer = await alice.generate({ prompt: 'an old door' })
    expect(newer.body).toMatchObject({ id: second.body.id, isExisting: true })
  })

  test('waits no longer than the interactive deadline', async () => {
    const other = await startTestApp({ workers: 0, env: { INTERACTIVE_DEADLINE_MS: '300' } })
    try {
      const client = await createClient(other)
      const { status, body } = await client.call<Generation>('POST', '/api/visualize/image', {
        body: { prompt: 'an old door' },
      })
      expect(status).toBe(202)
      expect(body.status).toBe('queued')
    } finally {
      await other.stop()
    }
  })

  test('answers a failure with the placeholder', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { status, body } = await submit({ prompt: 'a bad door' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ isPlaceholder: true, error: { code: 'refused_prompt' } })
  })
})

describe('after a failure', () => {
  test('asking again tries again; nobody is told that anything was saved', async () => {
    app.gemini.behave({ kind: 'prompt_blocked' })
    const headers = { 'Idempotency-Key': 'after-a-failure' }
    const failed = await alice.generateAndWait({ prompt: 'a fussy cat' }, headers)
    expect(failed.body).toMatchObject({ status: 'failed', isPlaceholder: true, isExisting: false })
    const replayed = await alice.generate({ prompt: 'a fussy cat' }, headers)
    expect(replayed.body.id).toBe(failed.body.id)
    expect(replayed.body.reuse).toBeUndefined()
    app.gemini.behave({ kind: 'image' })
    const again = await alice.generateAndWait({ prompt: 'a fussy cat' })
    expect(again.body).toMatchObject({ id: failed.body.id, status: 'succeeded', isExisting: false })
  })
})
