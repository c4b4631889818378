import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { NewGeneration } from '../../db/schema.ts'
import type { Generation } from '../../src/contract/generation.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { expectProblem } from '../support/problems.ts'
import { insertGeneration } from '../support/rows.ts'

type Page = { generations: Generation[]; nextCursor: string | null }

let app: TestApp
let alice: Client
let operator: Client

beforeAll(async () => {
  app = await startTestApp({ workers: 0 })
  alice = await createClient(app)
  operator = await createClient(app, 'olga', true)
  await app.db
    .insertInto('users')
    .values([{ id: 'alice' }, { id: 'bob' }])
    .execute()
  for (const [index, given] of rows.entries()) {
    const createdAt = new Date(Date.UTC(2026, 0, index + 1))
    await insertGeneration(app.db, { createdAt, prompt: `row ${index}`, ...given })
  }
})
afterAll(() => app.stop())

/** On the first of January 2026, the second, and so on. */
const rows: Partial<NewGeneration>[] = [
  { status: 'succeeded', model: 'old-model' },
  { status: 'failed', lane: 'eager', errorCode: 'timeout' },
  { status: 'canceled', errorCode: 'canceled' },
  { status: 'succeeded', reuseSource: 'exact' },
  { status: 'failed', errorCode: 'no_image' },
  { status: 'failed', ownerId: 'bob', errorCode: 'timeout' },
]

const list = async (client: Client, query: string): Promise<string[]> => {
  const { status, body } = await client.call<Page>('GET', `/api/generations?${query}`)
  expect(status).toBe(200)
  return body.generations.map(({ prompt }) => prompt)
}

test.each([
  ['status=failed', ['row 4', 'row 1']],
  ['status=failed,canceled', ['row 4', 'row 2', 'row 1']],
  ['lane=eager', ['row 1']],
  ['source=exact', ['row 3']],
  ['model=old-model', ['row 0']],
  ['errorCode=no_image', ['row 4']],
  ['from=2026-01-03T00:00:00Z', ['row 4', 'row 3', 'row 2']],
  ['to=2026-01-03T00:00:00Z', ['row 1', 'row 0']],
  ['from=2026-01-02T01:00:00%2B01:00&to=2026-01-03T00:00:00Z', ['row 1']],
  ['status=succeeded&model=another', []],
])('the list asked for with %s has those only', async (query, expected) => {
  expect(await list(alice, query)).toEqual(expected)
})

test('the next page keeps the filters', async () => {
  const first = await operator.call<Page>('GET', '/api/generations?owner=*&status=failed&limit=2')
  expect(first.body.generations.map(({ prompt }) => prompt)).toEqual(['row 5', 'row 4'])
  const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1]
  const second = await operator.call<Page>('GET', next ?? '')
  expect(second.body.generations.map(({ prompt }) => prompt)).toEqual(['row 1'])
})

test("an operator may ask for everybody's or one owner's, and reads whose they are", async () => {
  expect(await list(operator, 'owner=bob')).toEqual(['row 5'])
  expect(await list(operator, '')).toEqual([])
  const { body } = await operator.call<Page>('GET', '/api/generations?owner=*')
  expect(body.generations.map(({ ownerId }) => ownerId)).toEqual(['bob', ...Array(5).fill('alice')])
})

test('nobody else may, nor reads whose a generation is', async () => {
  for (const owner of ['*', 'bob']) {
    const answer = await alice.fail('GET', `/api/generations?owner=${owner}`)
    expectProblem(answer, { status: 403, code: 'forbidden' })
  }
  const { body } = await alice.call<Page>('GET', '/api/generations?owner=alice')
  expect(body.generations).toHaveLength(5)
  for (const generation of body.generations) expect(generation.ownerId).toBeUndefined()
})

test.each([
  ['status=failed,done', '?status'],
  ['lane=fast', '?lane'],
  ['source=luck', '?source'],
  ['from=yesterday', '?from'],
  ['to=2026-01-03', '?to'],
  ['model=', '?model'],
])('a wrong %s is named', async (query, pointer) => {
  const answer = await alice.fail('GET', `/api/generations?${query}`)
  expectProblem(answer, { status: 400, code: 'invalid_request', pointers: [pointer] })
})
