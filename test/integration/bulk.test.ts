import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { type BulkReport, bulkReportSchema } from '../../src/contract/bulk.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { createHolds } from '../support/held.ts'
import { expectProblem } from '../support/problems.ts'
import { newGenerationId } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

const PATH = '/api/generations/bulk'

describeEachBackend('many at once', (backend) => {
  let app: TestApp
  let operator: Client
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    app = await startTestApp({ backend, env: { WORKER_CONCURRENCY: '2' } })
    operator = await createClient(app, 'olga', true)
    holds = createHolds(app.gemini)
  })
  afterAll(() => app.stop())
  afterEach(() => holds.release())

  const order = async (body: object, client = operator): Promise<BulkReport> => {
    const { status, body: report } = await client.call('POST', PATH, { body })
    expect(status).toBe(200)
    return bulkReportSchema.strict().parse(report)
  }

  const failSome = async (owner: string, count: number) => {
    const client = await createClient(app, owner)
    app.gemini.behave({ kind: 'bad_request' })
    const prompts = Array.from({ length: count }, (_, i) => `${owner} ${i}`)
    const made = await Promise.all(prompts.map((prompt) => client.generateAndWait({ prompt })))
    expect(new Set(made.map(({ body }) => body.status))).toEqual(new Set(['failed']))
    app.gemini.behave({ kind: 'image' })
    return { client, ids: made.map(({ body }) => body.id) }
  }

  test('failed ones are retried, each once, however often that is asked for', async () => {
    const { client, ids } = await failSome('anna', 5)
    const all = { action: 'retry', filter: { owner: 'anna', errorCode: 'invalid_request' } }
    expect(await order({ ...all, dryRun: true })).toMatchObject({ matched: 5, changed: 0 })
    expect(await order(all)).toMatchObject({ matched: 5, changed: 5, refused: [], hasMore: false })
    expect(await order(all)).toMatchObject({ matched: 0, changed: 0 })
    for (const id of ids) {
      const { body } = await client.get(id, { Prefer: 'wait=20' })
      expect(body.status).toBe('succeeded')
    }
    for (let i = 0; i < 5; i++) expect(app.gemini.countCalls(`anna ${i}`)).toBe(2)
  })

  test('those that cannot be retried are named with the reason', async () => {
    const { client, ids } = await failSome('bert', 2)
    const made = await client.generateAndWait({ prompt: 'bert 0', skipExistingCheck: true })
    expect(made.body.status).toBe('succeeded')
    await app.db
      .updateTable('generations')
      .set({ model: 'gone' })
      .where('id', '=', ids[1] ?? '')
      .execute()
    const report = await order({ action: 'retry', filter: { owner: 'bert' } })
    expect(report).toMatchObject({ matched: 2, changed: 0 })
    expect(new Map(report.refused.map(({ id, code }) => [id, code]))).toEqual(
      new Map([
        [ids[0], 'already_finished'],
        [ids[1], 'not_retryable'],
      ]),
    )
  })

  test('running and queued ones are canceled, calls and all', async () => {
    const client = await createClient(app, 'carl')
    app.gemini.behave({ kind: 'hang' })
    for (let i = 0; i < 4; i++) await client.generate({ prompt: `carl ${i}` })
    const running = [0, 1].map((i) =>
      app.gemini.waitForCall(({ prompt }) => prompt === `carl ${i}`),
    )
    const calls = await Promise.all(running)
    const report = await order({ action: 'cancel', filter: { owner: 'carl' } }, client)
    expect(report).toMatchObject({ matched: 4, changed: 4, refused: [] })
    const isOver = () => calls.every(({ abandoned }) => abandoned)
    await waitFor(isOver, { what: 'the calls to be ended' })
    app.gemini.behave({ kind: 'image' })
    const { body } = await client.generateAndWait({ prompt: 'carl 3' })
    expect(body).toMatchObject({ status: 'succeeded', isExisting: false })
    expect(app.gemini.countCalls('carl 2')).toBe(0)
  })

  test('a filter chooses by lane, model and time', async () => {
    const { ids } = await failSome('dora', 3)
    const set = (index: number, values: object) =>
      app.db
        .updateTable('generations')
        .set(values)
        .where('id', '=', ids[index] ?? '')
        .execute()
    await set(0, { lane: 'eager' })
    await set(1, { createdAt: new Date('2020-01-01T00:00:00Z') })
    const count = async (filter: object) =>
      (await order({ action: 'retry', dryRun: true, filter: { owner: 'dora', ...filter } })).matched
    expect(await count({})).toBe(3)
    expect(await count({ lane: 'eager' })).toBe(1)
    expect(await count({ model: 'another' })).toBe(0)
    expect(await count({ to: '2021-01-01T00:00:00Z' })).toBe(1)
    expect(await count({ from: '2021-01-01T00:00:00Z' })).toBe(2)
    expect(await count({ status: ['canceled'] })).toBe(0)
  })

  test('more than a thousand are done a thousand at a time', async () => {
    await app.db.insertInto('users').values({ id: 'emil' }).execute()
    const rows = Array.from({ length: 1_003 }, newGenerationId)
    await sql`
      insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model,
        image_size, object_key, run_after)
      select id, 'emil', id, 'queued', 'eager', 'a crowd', 'generate', 'gemini', 'none', '1K', 'generated/' || id,
        now() + interval '1 hour'
      from unnest(${rows}::text[]) as one(id)`.execute(app.db)
    const all = { action: 'cancel', filter: { owner: 'emil' } }
    const dry = await order({ ...all, dryRun: true })
    expect(dry).toMatchObject({ matched: 1_000, changed: 0, hasMore: true })
    const rest = await order({ ...all, dryRun: true, cursor: dry.nextCursor })
    expect(rest).toMatchObject({ matched: 3, hasMore: false, nextCursor: null })
    expect(await order(all)).toMatchObject({ changed: 1_000, hasMore: true })
    expect(await order(all)).toMatchObject({ changed: 3, hasMore: false })
  })

  test("an owner's order reaches nobody else's", async () => {
    const { client } = await failSome('finn', 1)
    const gina = await createClient(app, 'gina')
    const retry = { action: 'retry', filter: {} }
    expect(await order(retry, gina)).toMatchObject({ matched: 0 })
    for (const owner of ['*', 'finn']) {
      const answer = await gina.fail('POST', PATH, { body: { ...retry, filter: { owner } } })
      expectProblem(answer, { status: 403, code: 'forbidden' })
    }
    expect(await order(retry, client)).toMatchObject({ matched: 1, changed: 1 })
  })

  test.each([
    [{ action: 'delete', filter: {} }, '/action'],
    [{ action: 'retry' }, '/filter'],
    [{ action: 'retry', filter: { status: ['succeeded'] } }, '/filter/status'],
    [{ action: 'cancel', filter: { since: 'now' } }, '/filter/since'],
    [{ action: 'cancel', filter: {}, cursor: 'x' }, '/cursor'],
  ])('a wrong order %j is refused', async (body, pointer) => {
    const answer = await operator.fail('POST', PATH, { body })
    expectProblem(answer, { status: 400, code: 'invalid_request', pointers: [pointer] })
  })
})
