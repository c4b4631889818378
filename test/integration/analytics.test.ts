import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import {
  type AnalyticsOwners,
  type AnalyticsSummary,
  type AnalyticsTimeseries,
  analyticsOwnersSchema,
  analyticsSummarySchema,
  analyticsTimeseriesSchema,
} from '../../src/contract/analytics.ts'
import { toNanoUsd } from '../../src/lib/money.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { countByHand } from '../support/count-by-hand.ts'
import { expectFigures } from '../support/expect-figures.ts'
import { createHolds } from '../support/held.ts'
import { expectProblem } from '../support/problems.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let alice: Client
let bob: Client
let operator: Client
let holds: ReturnType<typeof createHolds>

const PRO = 'gemini-3-pro-image'

beforeAll(async () => {
  app = await startTestApp()
  alice = await createClient(app)
  bob = await createClient(app, 'bob')
  operator = await createClient(app, 'operator', true)
  holds = createHolds(app.gemini)
  await liveADay()
})
afterAll(() => app.stop())
afterEach(() => holds.release())

/** Successes, retries, refusals, reuse of each kind, a cancellation and claims of browsers, of two owners. */
const liveADay = async () => {
  await alice.generateAndWait({ prompt: 'a boat' })
  await alice.generate({ prompt: 'a boat' })
  await alice.generateAndWait({ prompt: 'a boat', skipExistingCheck: true })
  await alice.generateAndWait({ prompt: 'a large boat', model: PRO, imageSize: '4K' })
  await alice.generate({ prompt: 'a large boat', model: PRO, imageSize: '4K' })
  const { id, open } = await holds.start(alice, 'a joined boat')
  await alice.generate({ prompt: 'a joined boat' })
  open()
  await alice.get(id, { Prefer: 'wait=20' })
  const { id: unwanted } = await holds.start(alice, 'an unwanted boat')
  await alice.call('POST', `/api/generations/${unwanted}/cancel`)
  holds.release()
  await alice
    .generateAndWait({ prompt: 'a deleted boat' })
    .then(({ body }) => alice.call('DELETE', `/api/images/${body.id}`))
  app.gemini.behave({
    kind: 'sequence',
    steps: [{ kind: 'reset_mid_body' }, { kind: 'image' }],
  })
  await bob.generateAndWait({ prompt: 'a boat on its second try' })
  app.gemini.behave({ kind: 'prompt_blocked' })
  await bob.generateAndWait({ prompt: 'a refused boat' })
  app.gemini.behave({ kind: 'text_only' })
  await bob.generateAndWait({ prompt: 'a described boat' })
  app.gemini.behave({ kind: 'image' })
  await bob.generateAndWait({ prompt: 'a described boat' })
  await claim(bob, { source: 'client' })
  await claim(bob, { source: 'exact' })
}

const claim = (client: Client, fields: object) =>
  client.call('POST', '/api/telemetry', {
    body: {
      events: [
        {
          id: crypto.randomUUID(),
          type: 'generation_skipped',
          at: new Date().toISOString(),
          ...fields,
        },
      ],
    },
  })

const getSummary = async (client: Client, query = '') => {
  const answer = await client.call<AnalyticsSummary>('GET', `/api/analytics/summary${query}`)
  expect(answer.status).toBe(200)
  return analyticsSummarySchema.parse(answer.body)
}

const getOwners = async (query = '') => {
  const answer = await operator.call<AnalyticsOwners>('GET', `/api/analytics/owners${query}`)
  expect(answer.status).toBe(200)
  return analyticsOwnersSchema.parse(answer.body)
}

/** The last reuse of `liveADay` is written within a second. */
const waitForReuses = () =>
  waitFor(async () => (await getSummary(alice)).figures.skipped.total === 3, {
    what: 'three reuses',
  })

describe('the figures of a day that was lived', () => {
  test.each<[string, () => Client, string | undefined]>([
    ['an owner', () => alice, 'alice'],
    ['another owner', () => bob, 'bob'],
    ['everyone', () => operator, undefined],
  ])('are those of its events and calls, for %s', async (_name, getClient, ownerId) => {
    await waitForReuses()
    const { figures, from, to, owner } = await getSummary(getClient())
    expect(owner).toBe(ownerId ?? null)
    const byHand = await countByHand(app.db, { from, to, ...(ownerId && { ownerId }) })
    expectFigures(figures, byHand)
  })

  test('are what was done', async () => {
    await waitForReuses()
    const { figures } = await getSummary(alice)
    expect(figures).toMatchObject({
      total: 9,
      started: 6,
      skipped: { total: 3, exact: 2, joined: 1, similar: 0 },
      clientSkipped: 0,
      completed: 5,
      failed: 0,
      canceled: 1,
      successRate: 100,
    })
    const { figures: ofBob } = await getSummary(bob)
    expect(ofBob).toMatchObject({ total: 4, clientSkipped: 1, completed: 2, failed: 2 })
  })

  test("count the calls that the provider had, and the money that was booked, by the caller's model", async () => {
    const { figures, models } = await getSummary(operator)
    expect(figures.calls).toBe(app.gemini.countCalls())
    const charged = app.gemini.calls.filter(({ prompt }) => !prompt.includes('refused'))
    expect(figures.paidCalls).toBe(charged.length)
    const attempts = await app.db.selectFrom('attempts').select(['model', 'costNanoUsd']).execute()
    const sum = (costs: number[]) => costs.reduce((total, cost) => total + cost, 0)
    expect(toNanoUsd(figures.spendUsd)).toBe(sum(attempts.map(({ costNanoUsd }) => costNanoUsd)))
    for (const { model, calls, spendUsd } of models) {
      const own = attempts.filter((attempt) => attempt.model === model)
      expect(calls).toBe(own.length)
      expect(toNanoUsd(spendUsd)).toBe(sum(own.map(({ costNanoUsd }) => costNanoUsd)))
    }
    expect(sum(models.map(({ spendUsd }) => spendUsd))).toBeCloseTo(figures.spendUsd, 9)
    expect(models.map(({ model }) => model)).toContain(PRO)
  })

  test('come day by day without gaps', async () => {
    await waitForReuses()
    const { body } = await alice.call<AnalyticsTimeseries>(
      'GET',
      '/api/analytics/timeseries?days=30',
    )
    const { points, from, to } = analyticsTimeseriesSchema.parse(body)
    expect(points).toHaveLength(30)
    expect(points.map(({ day }) => day)).toEqual(points.map(({ day }) => day).sort())
    expect([points[0]?.day, points.at(-1)?.day]).toEqual([from, to])
    for (const { day, ...figures } of points) {
      expectFigures(figures, await countByHand(app.db, { from: day, to: day, ownerId: 'alice' }))
    }
  })

  test('are listed for each owner, sorted, in pages', async () => {
    await waitForReuses()
    const { owners } = await getOwners('?sort=owner')
    expect(owners.map(({ owner }) => owner)).toEqual(['alice', 'bob'])
    for (const { owner, ...figures } of owners) {
      const { figures: alone } = await getSummary(operator, `?owner=${owner}`)
      expect({ ...figures, durationMs: alone.durationMs }).toEqual(alone)
    }
    const first = await getOwners('?sort=total&limit=1')
    expect(first.owners.map(({ owner }) => owner)).toEqual(['alice'])
    const next = await getOwners(`?sort=total&limit=1&cursor=${first.nextCursor}`)
    expect(next.owners.map(({ owner }) => owner)).toEqual(['bob'])
    expect(next.nextCursor).toBeNull()
    const turned = await getOwners('?sort=total&order=asc')
    expect(turned.owners.map(({ owner }) => owner)).toEqual(['bob', 'alice'])
  })
})

test('what a person just made is counted at once', async () => {
  const carol = await createClient(app, 'carol')
  const { body: boat } = await carol.generateAndWait({ prompt: 'a first boat' })
  const { figures, asOf } = await getSummary(carol)
  expect(figures).toMatchObject({ total: 1, completed: 1, paidCalls: 1 })
  expect(Date.parse(asOf)).toBeGreaterThanOrEqual(Date.parse(boat.finishedAt ?? ''))
})

test("another owner's figures are refused, and the list of owners too", async () => {
  for (const path of ['summary?owner=bob', 'timeseries?owner=bob', 'owners', 'owners.csv']) {
    const answer = await alice.fail('GET', `/api/analytics/${path}`)
    expectProblem(answer, { status: 403, code: 'forbidden' })
  }
  expect((await getSummary(alice, '?owner=alice')).owner).toBe('alice')
})

test.each([
  ['summary?days=0', '?days'],
  ['summary?days=401', '?days'],
  ['summary?days=7&from=2026-01-01', '?days'],
  ['summary?from=yesterday', '?from'],
  ['summary?from=2026-02-30', '?from'],
  ['summary?from=2026-01-02&to=2026-01-01', '?from'],
  ['timeseries?from=2020-01-01&to=2026-01-01', '?from'],
  ['owners?sort=name', '?sort'],
  ['owners?limit=0', '?limit'],
  ['owners?cursor=x', '?cursor'],
])('%s is refused with what is wrong', async (path, pointer) => {
  const answer = await operator.fail('GET', `/api/analytics/${path}`)
  expectProblem(answer, { status: 400, code: 'invalid_request', pointers: [pointer] })
})
