import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Generation } from '../../src/contract/generation.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, createClient } from '../support/client.ts'
import { createTestDatabase } from '../support/database.ts'
import { createHolds } from '../support/held.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

type Client = Awaited<ReturnType<typeof createClient>>
type Page = { generations: Generation[]; nextCursor: string | null }

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

const finish = async (id: string) => {
  const { body } = await alice.get(id, { Prefer: 'wait=20' })
  expect(body.status).toBe('succeeded')
}

describe('a generation that is read again', () => {
  test('is 304 until it changes', async () => {
    const held = await holds.start(alice, 'a clock')
    const first = await alice.get(held.id)
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[^"]+"$/)
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    const conditional = { 'If-None-Match': etag }
    const same = await alice.call('GET', `/api/generations/${held.id}`, { headers: conditional })
    expect(same.status).toBe(304)
    expect(same.body).toBe('')
    expect(same.headers.get('etag')).toBe(etag)

    held.open()
    await finish(held.id)
    const changed = await alice.get(held.id, conditional)
    expect(changed.status).toBe(200)
    expect(changed.body.status).toBe('succeeded')
    expect(changed.headers.get('etag')).not.toBe(etag)
  })

  test.each([
    ['among others', (etag: string) => `"other", ${etag}`],
    ['as a weak one', (etag: string) => `W/${etag}`],
    ['as any', () => '*'],
  ])('with its tag %s is 304', async (_name, format) => {
    const { body } = await alice.generateAndWait({ prompt: 'a bell' })
    const { headers } = await alice.get(body.id)
    const again = await alice.call('GET', `/api/generations/${body.id}`, {
      headers: { 'If-None-Match': format(headers.get('etag') ?? '') },
    })
    expect(again.status).toBe(304)
  })

  test('says when to come back for as long as it is not finished', async () => {
    const held = await holds.start(alice, 'a kettle')
    const early = await alice.get(held.id)
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0)
    held.open()
    await finish(held.id)
    const late = await alice.get(held.id)
    expect(late.headers.get('retry-after')).toBeNull()
  })

  test('by HEAD has the headers and no body', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a bell' })
    const get = await alice.get(body.id)
    const head = await alice.call('HEAD', `/api/generations/${body.id}`)
    expect(head.status).toBe(200)
    expect(head.headers.get('etag')).toBe(get.headers.get('etag'))
  })
})

describe('a long poll', () => {
  test('is answered as soon as the generation has finished', async () => {
    const held = await holds.start(alice, 'a tower')
    const startedAt = performance.now()
    const polls = Array.from({ length: 20 }, () => alice.get(held.id, { Prefer: 'wait=25' }))
    held.open()
    for (const { status, headers, body } of await Promise.all(polls)) {
      expect(status).toBe(200)
      expect(body.status).toBe('succeeded')
      expect(headers.get('preference-applied')).toBe('wait=25')
    }
    expect(performance.now() - startedAt).toBeLessThan(4_000)
  })

  test('is answered with the state there is when its time is over', async () => {
    const held = await holds.start(alice, 'a slow tower')
    const startedAt = performance.now()
    const { status, headers, body } = await alice.get(held.id, { Prefer: 'respond-async, wait=1' })
    expect(performance.now() - startedAt).toBeGreaterThan(900)
    expect(status).toBe(200)
    expect(body.status).toBe('running')
    expect(headers.get('retry-after')).not.toBeNull()
  })

  test('of a submission is 202 when its time is over', async () => {
    holds.hold()
    const answer = await alice.generate({ prompt: 'a slow wall' }, { Prefer: 'wait=1' })
    expect(answer.status).toBe(202)
    expect(answer.headers.get('preference-applied')).toBe('wait=1')
    expect(answer.headers.get('location')).toBe(answer.body.urls.self)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('may last no longer than the server allows, which it says', async () => {
    const { body } = await alice.generateAndWait({ prompt: 'a bell' })
    const { headers } = await alice.get(body.id, { Prefer: 'wait=100000' })
    expect(headers.get('preference-applied')).toBe('wait=60')
  })

  test('ends at once when the server stops', async () => {
    const other = await startTestApp({ workers: 0, env: { SHUTDOWN_GRACE_MS: '8000' } })
    const client = await createClient(other)
    const { body } = await client.generate({ prompt: 'a tree' })
    const poll = client.get(body.id, { Prefer: 'wait=30' })
    // A second request on another connection tells that the first has been let in.
    await client.get(body.id)
    const startedAt = performance.now()
    await other.stop()
    expect((await poll).body.status).toBe('queued')
    expect(performance.now() - startedAt).toBeLessThan(4_000)
  })
})

describe('the list', () => {
  const walk = async (client: Client, first: string): Promise<Generation[][]> => {
    const pages: Generation[][] = []
    let next: string | undefined = first
    while (next) {
      const { status, headers, body }: Answer<Page> = await client.call('GET', next)
      expect(status).toBe(200)
      pages.push(body.generations)
      const link: string | undefined = /^<([^>]+)>; rel="next"$/.exec(
        headers.get('link') ?? '',
      )?.[1]
      expect(body.nextCursor === null).toBe(link === undefined)
      next = link && new URL(link, app.url).href
    }
    return pages
  }

  test('gives every generation exactly once, page by page, with equal times too', async () => {
    const carol = await createClient(app, 'carol')
    const made = await Promise.all(
      Array.from({ length: 23 }, (_, i) => carol.generateAndWait({ prompt: `card ${i}` })),
    )
    await app.db
      .updateTable('generations')
      .set({ createdAt: new Date('2026-01-01T00:00:00.123Z') })
      .where('ownerId', '=', 'carol')
      .where('prompt', '<', 'card 5')
      .execute()
    const pages = await walk(carol, '/api/generations?limit=5')
    expect(pages.map((page) => page.length)).toEqual([5, 5, 5, 5, 3])
    const ids = pages.flat().map(({ id }) => id)
    expect(new Set(ids).size).toBe(23)
    expect([...ids].sort()).toEqual(made.map(({ body }) => body.id).sort())
    const times = pages.flat().map(({ createdAt }) => createdAt)
    expect(times).toEqual([...times].sort().reverse())
  })

  test('loses nothing while new ones arrive between pages', async () => {
    const dave = await createClient(app, 'dave')
    for (let i = 0; i < 6; i++) await dave.generateAndWait({ prompt: `stamp ${i}` })
    const first = await dave.call<Page>('GET', '/api/generations?limit=3')
    await dave.generateAndWait({ prompt: 'stamp new' })
    const cursor = first.body.nextCursor
    const second = await dave.call<Page>('GET', `/api/generations?limit=3&cursor=${cursor}`)
    const prompts = [...first.body.generations, ...second.body.generations].map((g) => g.prompt)
    expect(prompts).toEqual([5, 4, 3, 2, 1, 0].map((i) => `stamp ${i}`))
    expect(second.body.nextCursor).toBeNull()
  })

  test('has one status only when asked so, on every page', async () => {
    const erin = await createClient(app, 'erin')
    for (let i = 0; i < 3; i++) await erin.generateAndWait({ prompt: `good ${i}` })
    app.gemini.behave({ kind: 'bad_request' })
    for (let i = 0; i < 3; i++) await erin.generateAndWait({ prompt: `bad ${i}` })
    const pages = await walk(erin, '/api/generations?status=failed&limit=2')
    expect(pages.map((page) => page.length)).toEqual([2, 1])
    expect(new Set(pages.flat().map(({ status }) => status))).toEqual(new Set(['failed']))
    const none = await erin.call<Page>('GET', '/api/generations?status=canceled')
    expect(none.body).toEqual({ generations: [], nextCursor: null })
  })

  test("is the owner's own, an operator's too", async () => {
    await alice.generateAndWait({ prompt: 'a bell' })
    const operator = await createClient(app, 'operator', true)
    const { body } = await operator.call<Page>('GET', '/api/generations')
    expect(body.generations).toEqual([])
  })

  test('of 20 is what is given without a limit, and has a tag', async () => {
    const frank = await createClient(app, 'frank')
    await Promise.all(
      Array.from({ length: 21 }, (_, i) => frank.generateAndWait({ prompt: `leaf ${i}` })),
    )
    const { headers, body } = await frank.call<Page>('GET', '/api/generations')
    expect(body.generations).toHaveLength(20)
    const again = await frank.call('GET', '/api/generations', {
      headers: { 'If-None-Match': headers.get('etag') ?? '' },
    })
    expect(again.status).toBe(304)
  })
})

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
    ['defaultModel', 'limits', 'models', 'name', 'provider', 'version'].sort(),
  )
  const text = JSON.stringify(body)
  const { auth, imageUrlSecret } = app.secrets
  const { database, dataDir } = app.config
  for (const secret of [auth.jwtSecret, imageUrlSecret, 'test-key', database.url, dataDir]) {
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
        timeoutMs: 10_000,
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
