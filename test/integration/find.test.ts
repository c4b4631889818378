import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { NewGeneration } from '../../db/schema.ts'
import type { Found } from '../../src/contract/find.ts'
import type { Generation } from '../../src/contract/generation.ts'
import type { Image } from '../../src/contract/image.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { insertSuccess } from '../support/rows.ts'

type Page = { generations: Generation[]; nextCursor: string | null; count?: number }

/** Owners whose names are words, or would break out of a search. */
const QUOTED = "o'brien \\ & bob | !alice"

let app: TestApp
let alice: Client
let bob: Client
let operator: Client

beforeAll(async () => {
  app = await startTestApp({ workers: 0 })
  alice = await createClient(app)
  bob = await createClient(app, 'bob')
  operator = await createClient(app, 'olga', true)
  const owners = ['alice', 'alice cooper', 'bob', QUOTED]
  await app.db
    .insertInto('users')
    .values(owners.map((id) => ({ id })))
    .execute()
  for (const [index, given] of rows.entries()) {
    const createdAt = new Date(Date.UTC(2026, 0, index + 1))
    await insertSuccess(app.db, { createdAt, ...given })
  }
  await sql`update image_metadata set generated_at = (
    select created_at from generations where generations.id = image_metadata.id)`.execute(app.db)
})
afterAll(() => app.stop())

/** On the first of January 2026, the second, and so on. */
const rows: Partial<NewGeneration>[] = [
  { prompt: 'A Lighthouse at dusk, in oil', costNanoUsd: 30_000_000 },
  { prompt: 'a lighthouse keeper', costNanoUsd: 130_000_000, model: 'another-model' },
  { prompt: 'at dusk: the harbour', costNanoUsd: 70_000_000 },
  { prompt: 'ein Leuchtturm über dem Meer, 10²' },
  { prompt: 'a lighthouse of bob', ownerId: 'bob' },
  { prompt: 'a lighthouse of nobody', ownerId: QUOTED },
]

const read = async (client: Client, path: string, query: Record<string, string>) => {
  const { status, body } = await client.call<Page & { images: Image[] }>(
    'GET',
    `${path}?${new URLSearchParams(query)}`,
  )
  expect(status).toBe(200)
  return body
}
const list = async (client: Client, query: Record<string, string>) =>
  (await read(client, '/api/generations', query)).generations.map(({ prompt }) => prompt)

describe('a search finds the prompts of its owner', () => {
  const [dusk, keeper, harbour, turm] = rows.map(({ prompt }) => prompt)
  test.each([
    ['lighthouse', [keeper, dusk]],
    ['LIGHTHOUSE dusk', [dusk]],
    ['lightho', [keeper, dusk]],
    ['"at dusk"', [harbour, dusk]],
    ['lighthouse -keeper', [dusk]],
    ['harbour or keeper', [harbour, keeper]],
    ['über', [turm]],
    ['leuchtt', [turm]],
    ['nothing of it', []],
    ['…', []],
    ['"', []],
    ['-', []],
    ["' | !zebra", []],
    ['alice', []],
    [' bob', []],
  ])('that have %s', async (q, expected) => {
    expect(await list(alice, { q })).toEqual(expected)
  })

  test('and no other’s, whatever they are called', async () => {
    expect(await list(bob, { q: 'lighthouse' })).toEqual(['a lighthouse of bob'])
    expect(await list(operator, { q: 'lighthouse', owner: QUOTED })).toEqual([
      'a lighthouse of nobody',
    ])
    expect(await list(operator, { q: 'lighthouse', owner: 'alice cooper' })).toEqual([])
    expect(await list(operator, { q: 'lighthouse', owner: '*' })).toHaveLength(4)
    const refused = await alice.fail('GET', '/api/generations?q=lighthouse&owner=bob')
    expect(refused.status).toBe(403)
  })

  test('and nothing where nothing is said, in whatever order', async () => {
    for (const q of ['"', '- &', '" "']) {
      expect(await list(alice, { q, sort: 'dearest' })).toEqual([])
      expect(await read(alice, '/api/generations', { q, count: 'true' })).toMatchObject({
        count: 0,
      })
    }
  })

  test('with the other filters, and counts them', async () => {
    const page = await read(alice, '/api/generations', {
      q: 'lighthouse',
      count: 'true',
      limit: '1',
    })
    expect(page).toMatchObject({ count: 2, isCountCut: false })
    expect(await list(alice, { q: 'lighthouse', model: 'another-model' })).toEqual([keeper])
    expect(await list(alice, { q: 'lighthouse', minCostUsd: '0.1' })).toEqual([keeper])
    expect(await list(alice, { q: 'dusk', from: '2026-01-02T00:00:00Z' })).toEqual([harbour])
    expect(await read(bob, '/api/generations', { count: 'true' })).toMatchObject({ count: 1 })
  })

  test.each([
    ['newest', [turm, harbour, keeper, dusk]],
    ['oldest', [dusk, keeper, harbour, turm]],
    ['dearest', [keeper, harbour, dusk, turm]],
  ])('%s first, page by page', async (sort, expected) => {
    for (const q of ['', 'a or at or ein']) {
      const all: string[] = []
      let cursor: string | null = ''
      do {
        const query = { sort, limit: '1', ...(q && { q }), ...(cursor && { cursor }) }
        const page: Page = await read(alice, '/api/generations', query)
        all.push(...page.generations.map(({ prompt }) => prompt))
        cursor = page.nextCursor
      } while (cursor)
      expect(all).toEqual(expected)
    }
  })
})

describe('the images of an owner', () => {
  const images = async (client: Client, query: Record<string, string>) =>
    (await read(client, '/api/images', query)).images.map(({ id }) => id)
  const idsOf = async (...prompts: (string | undefined)[]) => {
    const found = await app.db.selectFrom('generations').select(['id', 'prompt']).execute()
    return prompts.map((prompt) => found.find((row) => row.prompt === prompt)?.id)
  }
  const [dusk, keeper, harbour, turm] = rows.map(({ prompt }) => prompt)

  test('are found by their words, their time and what they cost', async () => {
    expect(await images(alice, { q: 'lighthouse' })).toEqual(await idsOf(keeper, dusk))
    expect(await images(alice, { q: 'dusk', sort: 'oldest' })).toEqual(await idsOf(dusk, harbour))
    const day = { from: '2026-01-03T00:00:00Z', to: '2026-01-04T00:00:00Z' }
    expect(await images(alice, day)).toEqual(await idsOf(harbour))
    expect(await images(alice, { minCostUsd: '0.1' })).toEqual(await idsOf(keeper))
    expect(await images(alice, { model: 'another-model' })).toEqual(await idsOf(keeper))
    const dearest = await idsOf(keeper, harbour, dusk, turm)
    expect(await images(alice, { sort: 'dearest' })).toEqual(dearest)
    const first = await read(alice, '/api/images', { sort: 'dearest', limit: '2', count: 'true' })
    expect(first).toMatchObject({ count: 4 })
    const rest = { sort: 'dearest', cursor: first.nextCursor ?? '' }
    expect(await images(alice, rest)).toEqual(dearest.slice(2))
  })

  test('are nobody else’s but an operator’s', async () => {
    expect(await images(bob, { q: 'lighthouse keeper' })).toEqual([])
    expect((await bob.fail('GET', '/api/images?owner=alice')).status).toBe(403)
    const seen = await read(operator, '/api/images', { owner: 'alice', q: 'keeper' })
    expect(seen.images).toMatchObject([{ ownerId: 'alice', costUsd: 0.13 }])
    expect((await operator.fail('GET', '/api/images?owner=*')).status).toBe(400)
  })
})

describe('what is typed finds', () => {
  const find = async (client: Client, q: string) => {
    const { body } = await client.call<Found>('GET', `/api/find?${new URLSearchParams({ q })}`)
    return body
  }

  test('prompts by the beginning of a word, and generations by that of an id', async () => {
    const { generations } = await find(alice, 'keep')
    expect(generations.map(({ prompt }) => prompt)).toEqual(['a lighthouse keeper'])
    const id = generations[0]?.id ?? ''
    expect((await find(alice, id.slice(0, 12))).generations.map((each) => each.id)).toEqual([id])
    expect((await find(alice, id)).generations.map((each) => each.id)).toEqual([id])
    expect((await find(bob, id)).generations).toEqual([])
  })

  test('owners for operators alone, and codes of errors', async () => {
    expect((await find(operator, 'ali')).owners).toEqual(['alice', 'alice cooper'])
    expect((await find(operator, "o'br")).owners).toEqual([QUOTED])
    expect(await find(alice, 'ali')).toMatchObject({ owners: [], generations: [] })
    expect((await find(alice, 'refused prompt')).errors).toEqual(['refused_prompt'])
  })
})
