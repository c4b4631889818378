import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Reconciliation } from '../../src/contract/reconciliation.ts'
import { type Savings, type Statement, savingsSchema } from '../../src/contract/savings.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { formatMarkdown } from '../../src/features/analytics/statement.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

const MODEL = 'gemini-nano-banana-2.1'
/** 1,120 tokens at $30 and 12 at $1.50 a million. */
const COST_USD = 0.033618

let app: TestApp
let amy: Client
let ben: Client
let operator: Client

beforeAll(async () => {
  app = await startTestApp({
    env: { EMBEDDING_SOURCE: 'gemini', SIMILARITY_MODE: 'shadow', SWEEP_INTERVAL_MS: '100' },
  })
  amy = await createClient(app, 'amy')
  ben = await createClient(app, 'ben')
  operator = await createClient(app, 'ops', true)
  await amy.generateAndWait({ prompt: 'a lamp' })
  await amy.generateAndWait({ prompt: 'a lamp' })
  await amy.generateAndWait({ prompt: 'a lamp' })
  await ben.generateAndWait({ prompt: 'a boat' })
  await ben.generateAndWait({ prompt: 'a boat' })
  await operator.call('PUT', '/api/budgets/owner%3Aben', { body: { dailyUsd: 0.05 } })
  await ben.fail('POST', '/api/visualize/generate', { body: { prompt: 'a tower' } })
  await ben.fail('POST', '/api/visualize/generate', { body: { prompt: 'a tower' } })
  await amy.call('POST', '/api/telemetry', {
    body: {
      events: [
        { id: 'e1', type: 'generation_skipped', at: new Date().toISOString(), source: 'client' },
      ],
    },
  })
  const areWritten = async () => {
    const { body } = await operator.call<Savings>('GET', '/api/analytics/savings')
    return body.reused.exact.count === 3 && body.refused.count === 1 && body.clientSkipped === 1
  }
  await waitFor(areWritten, { what: 'all of it to be counted' })
})
afterAll(() => app.stop())

const month = () => new Date().toISOString().slice(0, 7)

test('what was bought, reused and refused is told, and what it would have cost', async () => {
  const { body } = await operator.call<Savings>('GET', '/api/analytics/savings')
  savingsSchema.parse(body)
  const images = body.models.find(({ model }) => model === MODEL)
  expect(images).toMatchObject({
    calls: 2,
    spendUsd: 2 * COST_USD,
    reused: { exact: { count: 3, usd: 0.100854 }, joined: { count: 0 }, similar: { count: 0 } },
    savedUsd: 0.100854,
    withoutUsd: 0.16809,
    refused: { count: 1, usd: 0.04035 },
  })
  // The comparisons of prompts are calls as well.
  const embeddings = body.models.find(({ model }) => model === 'gemini-embedding-001')
  expect(embeddings?.calls).toBeGreaterThan(0)
  expect(body.spendUsd).toBeGreaterThan(2 * COST_USD)
  expect(body.method.length).toBeGreaterThan(3)
})

test('folding changes none of it', async () => {
  const read = async () => {
    const { body } = await operator.call<Savings>('GET', '/api/analytics/savings')
    return { ...body, asOf: '' }
  }
  const before = await read()
  await createFold(app.db)()
  expect(await read()).toEqual(before)
})

test('an owner has their own, and reads nobody else’s', async () => {
  const { body } = await amy.call<Savings>('GET', '/api/analytics/savings')
  expect(body).toMatchObject({
    owner: 'amy',
    clientSkipped: 1,
    refused: { count: 0 },
    reused: { exact: { count: 2, usd: 2 * COST_USD } },
  })
  const other = await amy.fail('GET', '/api/analytics/savings?owner=ben')
  expectProblem(other, { status: 403, code: 'forbidden' })
  const statement = await amy.fail('GET', `/api/statements/${month()}.csv?owner=ben`)
  expectProblem(statement, { status: 403, code: 'forbidden' })
  const all = await amy.fail('GET', `/api/statements/${month()}?owner=*`)
  expectProblem(all, { status: 403, code: 'forbidden' })
})

test('a month has its statement, for programs, people and sheets', async () => {
  const { body } = await operator.call<Statement>('GET', `/api/statements/${month()}`)
  expect(body).toMatchObject({ month: month(), isWhole: false, owner: null })
  const markdown = await amy.call<string>('GET', `/api/statements/${month()}.md`)
  expect(markdown.headers.get('content-disposition')).toContain(`imageonce-statement-${month()}.md`)
  expect(markdown.body).toContain('| Reused: the same again (exact) | 2 | $0.067236 |')
  expect(markdown.body).toContain('## How these figures come about')
  const csv = await amy.call<string>('GET', `/api/statements/${month()}.csv`)
  expect(csv.body.split('\r\n')).toContain(`${month()},amy,all,reused_exact,2,0.067236`)
})

test('no month, and one that is yet to come, are refused', async () => {
  for (const file of ['2026-13', 'november', '9000-01']) {
    const { status } = await operator.fail('GET', `/api/statements/${file}`)
    expect(status).toBe(400)
  }
})

test('a name breaks no table', () => {
  const statement = { month: '2026-11', owner: 'a|b`\n# c', models: [], method: [] } as never
  const amounts = { count: 0, usd: 0 }
  const text = formatMarkdown({
    ...(statement as Statement),
    spendUsd: 0,
    savedUsd: 0,
    withoutUsd: 0,
    estimatedUsd: 0,
    reused: { exact: amounts, joined: amounts, similar: amounts },
    halfPrice: { calls: 0, spendUsd: 0, savedUsd: 0 },
    refused: amounts,
  })
  expect(text).toContain("For `a\\|b' # c`")
})

test('bills are for operators alone', async () => {
  const headers = { 'content-type': 'text/csv' }
  const body = 'time,cost\n2026-11-01,1\n'
  const answers = [
    await amy.fail('POST', '/api/reconciliations', { body, headers }),
    await amy.fail('GET', '/api/reconciliations'),
    await amy.fail('GET', '/api/reconciliations/latest'),
  ]
  for (const answer of answers) expectProblem(answer, { status: 403, code: 'forbidden' })
})

test('a bill is taken over HTTP, kept, and listed; what is none is refused', async () => {
  const headers = { 'content-type': 'text/csv' }
  const refused = await operator.fail('POST', '/api/reconciliations', { body: 'a,b\n', headers })
  expectProblem(refused, { status: 400, code: 'invalid_request' })
  const json = await operator.fail('POST', '/api/reconciliations', { body: {} })
  expectProblem(json, { status: 415, code: 'unsupported_media_type' })
  const zone = await operator.fail('POST', '/api/reconciliations?zone=Moon', { body: 'a', headers })
  expect(zone.body.detail).toContain('"Moon" is no time zone')
  const today = new Date().toISOString()
  const made = await operator.call<Reconciliation>(
    'POST',
    '/api/reconciliations?name=mine.csv&columns=time=at,cost=usd,sku=what',
    { body: `at,usd,what\n${today},0.5,Gemini Nano Banana 2.1 image output\n`, headers },
  )
  expect(made).toMatchObject({ status: 201, body: { isExplained: false, billName: 'mine.csv' } })
  const { id } = made.body
  expect(made.headers.get('location')).toBe(`/api/reconciliations/${id}`)
  const kept = await operator.call<Reconciliation>('GET', `/api/reconciliations/${id}`)
  expect(kept.body).toMatchObject({ ...made.body, settlements: [] })
  const list = await operator.call<{ reconciliations: { id: string }[] }>(
    'GET',
    '/api/reconciliations',
  )
  expect(list.body.reconciliations[0]).toMatchObject({ id, isExplained: false })
  expect((await operator.fail('GET', '/api/reconciliations/999999')).status).toBe(404)
  expect((await operator.fail('GET', '/api/reconciliations/x')).status).toBe(404)
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from settlements`.execute(app.db)
  expect(rows[0]?.count).toBe(0)
})
