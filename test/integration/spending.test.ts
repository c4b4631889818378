import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { type Spending, spendingSchema } from '../../src/contract/spending.ts'
import { setBudget } from '../../src/features/spending/budgets.ts'
import { resumeSpending } from '../../src/features/spending/switch.ts'
import { insertOrRequeue } from '../../src/generation/state/insert-or-requeue.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { NO_BUDGETS } from '../support/budgets.ts'
import { type Client, createClient } from '../support/client.ts'
import { aNewGeneration } from '../support/new-generation.ts'
import { expectProblem } from '../support/problems.ts'
import { startProgram } from '../support/program.ts'
import { GIVE_UP_MS } from '../support/standings.ts'
import { findMiscounted } from '../support/sums.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let admin: Client

/** What a call of the default model may cost. */
const HELD_USD = 0.040_35

beforeAll(async () => {
  app = await startTestApp({ env: { BUDGET_OWNER_DAILY_USD: '0.1', SWEEP_INTERVAL_MS: '200' } })
  admin = await createClient(app, 'ops', true)
})
afterAll(() => app.stop())
afterEach(async () => {
  await app.db.deleteFrom('budgets').execute()
  await resumeSpending(app.db)
  app.gemini.reset()
})

const put = (scope: string, body: object) =>
  admin.call('PUT', `/api/budgets/${encodeURIComponent(scope)}`, { body })

const generate = '/api/visualize/generate'
const midnight = () => {
  const day = new Date()
  day.setUTCHours(24, 0, 0, 0)
  return day
}

describe('at a limit', () => {
  test('a person is warned before, refused a new image then with a placeholder, and gets what exists', async () => {
    const amy = await createClient(app, 'amy')
    const first = await amy.generate({ prompt: 'one' }, { Prefer: 'wait=20' })
    expect(first.headers.get('imageonce-budget')).toBeNull()
    const { body: made } = await amy.generateAndWait({ prompt: 'one' })
    expect(made.status).toBe('succeeded')
    await put('owner:amy', { dailyUsd: (made.costUsd as number) + HELD_USD })
    const second = await amy.generate({ prompt: 'two' }, { Prefer: 'wait=20' })
    expect(second.headers.get('imageonce-budget')).toMatch(
      /^owner;period=day;used=1\.000;resets="\d{4}-\d\d-\d\dT00:00:00\.000Z"$/,
    )
    const refused = await amy.fail('POST', generate, { body: { prompt: 'three' } })
    expectProblem(refused, { status: 429, code: 'budget_exceeded' })
    expect(refused.body).toMatchObject({ retryable: true, isPlaceholder: true })
    expect(refused.body.imageUrl).toMatch(/^data:image/)
    expect(refused.body.detail).toBe(
      `The daily budget of this owner is spent. It begins anew at ${midnight().toISOString()}.`,
    )
    const leftSeconds = (midnight().getTime() - Date.now()) / 1_000
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(leftSeconds - 60)
    const { status, body } = await amy.generate({ prompt: 'one' })
    expect([status, body.id, body.reuse?.source]).toEqual([200, made.id, 'exact'])
    expect(await findMiscounted(app.db)).toEqual([])
  })

  test('what waits in the queue already fails for a person, and waits for the next day where nobody does', async () => {
    const bea = await createClient(app, 'bea')
    app.gemini.behave({ kind: 'hang' })
    const out = [1, 2].map((n) => bea.generate({ prompt: `out ${n}` }))
    await Promise.all(out)
    await waitFor(() => app.gemini.countCalls('out') === 2, { what: 'both calls to be out' })
    const { status } = await bea.fail('POST', generate, { body: { prompt: 'no more' } })
    expect(status).toBe(429)
    await setBudget(app.db, 'owner:bea', { dailyUsd: 10 })
    await app.stopWorkers()
    const queued = await bea.generate({ prompt: 'queued' })
    const eager = await bea.generate({ prompt: 'ahead of need', lane: 'eager' })
    await setBudget(app.db, 'owner:bea', { dailyUsd: 0.1 })
    await app.startWorker()
    const { body } = await bea.waitForEnd(queued.body.id)
    expect(body).toMatchObject({
      status: 'failed',
      isPlaceholder: true,
      error: { code: 'budget_exceeded', retryable: true },
    })
    const readRow = () =>
      app.db
        .selectFrom('generations')
        .selectAll()
        .where('id', '=', eager.body.id)
        .executeTakeFirstOrThrow()
    const row = await waitFor(
      async () => {
        const found = await readRow()
        return found.errorCode === 'budget_exceeded' && found
      },
      { what: 'the eager one to wait' },
    )
    expect(row).toMatchObject({ status: 'queued', claims: 0 })
    const lateMs = Number(row.runAfter) - Number(midnight())
    expect(lateMs).toBeGreaterThanOrEqual(0)
    expect(lateMs).toBeLessThan(60_000)
    expect(Number(row.deadlineAt)).toBeGreaterThanOrEqual(Number(midnight()) + GIVE_UP_MS.eager - 1)
    expect(app.gemini.countCalls('queued') + app.gemini.countCalls('ahead')).toBe(0)
    app.gemini.behave({ kind: 'image' })
    await put('owner:bea', { dailyUsd: 10 })
    const { body: made } = await bea.waitForEnd(eager.body.id)
    expect(made.status).toBe('succeeded')
  })

  test.each([
    { scope: 'all', words: 'this server' },
    { scope: 'prefix:app9:', words: 'the app that this owner belongs to' },
    { scope: 'key:k9', words: 'this key' },
  ] as const)(
    'of $scope a submission is refused as well, and an eager one accepted',
    async ({ scope, words }) => {
      await setBudget(app.db, scope, { monthlyUsd: 0 })
      const given = { ownerId: 'app9:1', keyId: 'k9', mayCostNanoUsd: 10_000_000 }
      const rows = [
        aNewGeneration(given),
        aNewGeneration({ ...given, lane: 'eager' }),
        aNewGeneration({ ...given, mayCostNanoUsd: 0 }),
      ]
      const limits = { refusalTtlMs: 0, maxInFlight: 100, giveUpMs: GIVE_UP_MS }
      const [refused, eager, free] = await insertOrRequeue(app.db, rows, {
        ...limits,
        budgets: NO_BUDGETS,
      })
      expect(refused?.stopped?.message).toContain(`monthly budget of ${words} is spent`)
      expect([eager?.stopped, free?.stopped]).toEqual([undefined, undefined])
      // What was promised while Postgres was away is taken all the same.
      const [deferred] = await insertOrRequeue(app.db, [aNewGeneration(given)], limits)
      expect(deferred).toMatchObject({ generation: { status: 'queued', keyId: 'k9' } })
      await sql`delete from generations where owner_id = 'app9:1'`.execute(app.db)
    },
  )

  test('asking again is refused in the same words', async () => {
    const cleo = await createClient(app, 'cleo')
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body } = await cleo.generateAndWait({ prompt: 'not this' })
    await setBudget(app.db, 'owner:cleo', { dailyUsd: 0 })
    const path = `/api/generations/${body.id}`
    for (const action of ['retry', 'regenerate']) {
      const { status, body: problem } = await cleo.fail('POST', `${path}/${action}`)
      expect([status, problem.code]).toEqual([429, 'budget_exceeded'])
    }
  })
})

describe('the switch', () => {
  test('refuses what is new, fails what a person waits for, keeps eager work, and lets all go on', async () => {
    const dora = await createClient(app, 'dora')
    await put('owner:dora', { dailyUsd: 10 })
    const { body: made } = await dora.generateAndWait({ prompt: 'before' })
    await app.stopWorkers()
    const queued = await dora.generate({ prompt: 'queued' })
    const eager = await dora.generate({ prompt: 'eager', lane: 'eager' })
    const { body: state } = await admin.call('POST', '/api/spending/pause')
    expect(state).toEqual({ isPaused: true, pausedAt: expect.any(String) })
    expect((await admin.call('POST', '/api/spending/pause')).body).toEqual(state)
    await app.startWorker()
    const refused = await dora.fail('POST', generate, { body: { prompt: 'after' } })
    expectProblem(refused, { status: 503, code: 'spending_paused' })
    expect(refused.headers.get('retry-after')).toBe('60')
    expect((await dora.generate({ prompt: 'before' })).body.id).toBe(made.id)
    const { body } = await dora.waitForEnd(queued.body.id)
    expect(body.error?.code).toBe('spending_paused')
    const later = await dora.generate({ prompt: 'later', lane: 'eager' })
    expect(later.status).toBe(202)
    await waitFor(
      async () => {
        const rows = await app.db
          .selectFrom('generations')
          .select('errorCode')
          .where('id', 'in', [eager.body.id, later.body.id])
          .where('status', '=', 'queued')
          .execute()
        return rows.length === 2 && rows.every(({ errorCode }) => errorCode === 'spending_paused')
      },
      { what: 'the eager ones to wait' },
    )
    expect(app.gemini.countCalls()).toBe(1)
    await admin.call('POST', '/api/spending/resume')
    for (const { id } of [eager.body, later.body]) {
      expect((await dora.waitForEnd(id)).body.status).toBe('succeeded')
    }
  })
})

describe('what is spent', () => {
  test('is told an owner of its own, and operators of all', async () => {
    const eva = await createClient(app, 'eva')
    const { body: made } = await eva.generateAndWait({ prompt: 'one' })
    await put('prefix:ev', { monthlyUsd: 3 })
    const read = async (client: Client, query = '') =>
      spendingSchema
        .strict()
        .parse((await client.call<Spending>('GET', `/api/spending${query}`)).body)
    const own = await read(eva)
    expect(
      own.sums.map(({ scope, period, limitUsd, spentUsd }) => [scope, period, limitUsd, spentUsd]),
    ).toEqual([
      ['owner:eva', 'day', 0.1, made.costUsd],
      ['owner:eva', 'month', null, made.costUsd],
    ])
    const all = await read(admin)
    const find = (scope: string, period: string) =>
      all.sums.find((sum) => sum.scope === scope && sum.period === period)
    expect(find('prefix:ev', 'month')).toMatchObject({ limitUsd: 3, spentUsd: made.costUsd })
    expect(find('owner:eva', 'day')?.spentUsd).toBe(made.costUsd)
    expect(find('all', 'day')?.limitUsd).toBeNull()
    expect(await read(admin, '?owner=eva')).toMatchObject({ sums: own.sums })
    const others = await eva.fail('GET', '/api/spending?owner=amy')
    expectProblem(others, { status: 403, code: 'forbidden' })
  })

  test.each([
    ['POST', '/api/spending/pause'],
    ['POST', '/api/spending/resume'],
    ['GET', '/api/budgets'],
    ['PUT', '/api/budgets/all'],
    ['DELETE', '/api/budgets/all'],
  ])('and %s %s is for operators only', async (method, path) => {
    const eva = await createClient(app, 'eva')
    const body = method === 'PUT' ? { dailyUsd: 100 } : undefined
    const answer = await eva.fail(method, path, { body })
    expectProblem(answer, { status: 403, code: 'forbidden' })
  })

  test.each([
    ['all', {}, 'must have dailyUsd, monthlyUsd or both'],
    ['all', { dailyUsd: -1 }, 'must be 0 or more'],
    ['all', { dailyUsd: 0.000_000_1 }, 'must have 6 decimals at most'],
    ['all', { dailyUsd: '5' }, 'number'],
    ['all', { dailyEur: 5 }, 'is not a known field'],
    ['everyone', { dailyUsd: 5 }, 'must be "all"'],
    ['owner:', { dailyUsd: 5 }, 'must be "all"'],
    [`key:${'x'.repeat(256)}`, { dailyUsd: 5 }, 'must be "all"'],
  ])('a budget of %s that is %j is refused: %s', async (scope, body, words) => {
    const path = `/api/budgets/${encodeURIComponent(scope)}`
    const answer = await admin.fail('PUT', path, { body })
    expectProblem(answer, { status: 400, code: 'invalid_request' })
    expect(answer.body.detail).toContain(words)
  })

  test('a budget is listed as it was set, and gone once it is taken away', async () => {
    await put('owner:a/b ü', { dailyUsd: 1.5 })
    const { body } = await admin.call<{ budgets: object[] }>('GET', '/api/budgets')
    expect(body.budgets).toMatchObject([{ scope: 'owner:a/b ü', dailyUsd: 1.5, monthlyUsd: null }])
    const path = `/api/budgets/${encodeURIComponent('owner:a/b ü')}`
    expect((await admin.call('DELETE', path)).status).toBe(204)
    expect((await admin.call('DELETE', path)).status).toBe(404)
  })
})

test('the command line sets budgets, throws the switch and says what is spent', async () => {
  const env = { DATABASE_URL: app.config.database.url ?? '', DATA_DIR: app.dataDir }
  const run = async (...args: string[]) => {
    const { code, out, err } = await (await startProgram(args, env)).ended()
    return { code, said: `${out}${err}` }
  }
  await run('budget', 'set', 'prefix:app7:', '--daily', '2.5')
  expect((await run('budget', 'list')).said).toBe(
    'prefix:app7:  $2.50 a day, no limit of its own a month\n',
  )
  expect((await run('spending', 'pause')).code).toBe(0)
  expect((await run('spending', 'status')).said).toMatch(/^All paying is stopped since 20.*Z\.$/m)
  await run('spending', 'resume')
  expect((await admin.call<Spending>('GET', '/api/spending')).body.isPaused).toBe(false)
  expect((await run('budget', 'remove', 'prefix:app7:')).code).toBe(0)
  expect(await run('budget', 'set', 'everyone', '--daily', '1')).toEqual({
    code: 1,
    said: expect.stringContaining('must be "all"'),
  })
})
