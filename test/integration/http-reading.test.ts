import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Generation } from '../../src/contract/generation.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, type Client, createClient } from '../support/client.ts'
import { createHolds } from '../support/held.ts'

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
    const polls = Array.from({ length: 20 }, () => alice.get(held.id, { Prefer: 'wait=25' }))
    held.open()
    for (const { status, headers, body } of await Promise.all(polls)) {
      expect(status).toBe(200)
      expect(body.status).toBe('succeeded')
      expect(headers.get('preference-applied')).toBe('wait=25')
    }
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
    expect(headers.get('preference-applied')).toBe('wait=50')
  })

  test('ends at once when the server stops', async () => {
    const other = await startTestApp({ workers: 0, env: { SHUTDOWN_GRACE_MS: '600000' } })
    const client = await createClient(other)
    const { body } = await client.generate({ prompt: 'a tree' })
    const poll = client.get(body.id, { Prefer: 'wait=30' })
    // A second request on another connection tells that the first has been let in.
    await client.get(body.id)
    await other.stop()
    expect((await poll).body.status).toBe('queued')
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
