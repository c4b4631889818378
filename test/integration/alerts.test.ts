import { afterEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createApi } from '../../src/app/api.ts'
import type { AlertName } from '../../src/contract/vocabulary.ts'
import { createLogger } from '../../src/lib/logger.ts'
import { type AlertApp, adjustAlertRule, startAlertApp } from '../support/alerts.ts'
import type { TestAppOptions } from '../support/app.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

/* Each alert is made to fire by what it is there for, and to resolve by the end of it. */

let app: AlertApp | undefined
afterEach(() => app?.stop())

const start = async (options?: TestAppOptions): Promise<AlertApp> => {
  app = await startAlertApp(options)
  return app
}

/** It fired once and resolved once, with values on either side of its thresholds. */
const expectChanges = async ({ list, listChanges }: AlertApp, name: AlertName) => {
  const { alerts } = await list()
  const { fires, threshold, resolvesAt } = alerts.find((alert) => alert.name === name) ?? {}
  const [fired, resolved, ...more] = await listChanges(name)
  expect(more).toEqual([])
  expect(fired).toMatchObject({ state: 'firing', threshold })
  expect(resolved).toMatchObject({ state: 'resolved' })
  const sign = fires === 'above' ? 1 : -1
  expect(sign * (fired?.value ?? 0)).toBeGreaterThan(sign * (threshold ?? 0))
  expect(sign * (resolved?.value ?? 0)).toBeLessThanOrEqual(sign * (resolvesAt ?? 0))
}

test('no_worker: the last worker stops, and another one starts', async () => {
  const { waitForState, stopWorkers, startWorker } = await start()
  await waitForState('no_worker', 'ok')
  await stopWorkers()
  await waitForState('no_worker', 'firing')
  await startWorker()
  await waitForState('no_worker', 'resolved')
  await expectChanges(app as AlertApp, 'no_worker')
})

test('provider_down: the model is overloaded, and answers again', async () => {
  const env = { BREAKER_FAILURES: '2', BREAKER_RESET_MS: '100' }
  const { gemini, generateNew, waitForState } = await start({ env })
  gemini.behave({ kind: 'overloaded' })
  await generateNew(2)
  await waitForState('provider_down', 'firing')
  gemini.behave({ kind: 'image' })
  await waitForState('provider_down', 'resolved', () => generateNew())
  await expectChanges(app as AlertApp, 'provider_down')
})

test('prices_guessed: a model without a price is called, and then one that has one', async () => {
  const { alice, generateNew, waitForState } = await start({
    env: { GEMINI_MODEL: 'gemini-9-image' },
  })
  await waitForState('prices_guessed', 'firing', () => generateNew())
  let asked = 0
  const generateKnown = () =>
    alice.generateAndWait({ prompt: `known ${asked++}`, model: 'gemini-nano-banana-2.1' })
  await waitForState('prices_guessed', 'resolved', generateKnown)
  await expectChanges(app as AlertApp, 'prices_guessed')
})

test('generations_failing: prompts are refused, and then no longer', async () => {
  const { gemini, generateNew, waitForState } = await start()
  gemini.behave({ kind: 'prompt_blocked' })
  await waitForState('generations_failing', 'firing', () => generateNew())
  gemini.behave({ kind: 'image' })
  await waitForState('generations_failing', 'resolved', () => generateNew())
  await expectChanges(app as AlertApp, 'generations_failing')
})

test('generations_slow: the model takes longer than the setting, and then less', async () => {
  const { gemini, generateNew, waitForState } = await start({ env: { ALERT_GENERATION_MS: '600' } })
  gemini.behave({ kind: 'delay', ms: 630 })
  await generateNew()
  await waitForState('generations_slow', 'firing')
  gemini.behave({ kind: 'image' })
  await waitForState('generations_slow', 'resolved', () => generateNew(2))
  await expectChanges(app as AlertApp, 'generations_slow')
})

test.each([
  ['queue_old', 'interactive'],
  ['eager_queue_old', 'eager'],
] as const)('%s: nobody takes what waits, and then a worker does', async (name, lane) => {
  const env = { ALERT_QUEUE_AGE_MS: '300', ALERT_EAGER_QUEUE_AGE_MS: '300' }
  const { alice, waitForState, startWorker } = await start({ workers: 0, env })
  await alice.generate({ prompt: 'left lying', lane })
  await waitForState(name, 'firing')
  await startWorker()
  await waitForState(name, 'resolved')
  await expectChanges(app as AlertApp, name)
})

test('reuse_low: every request is a new one, and then always the same', async () => {
  const { alice, generateNew, waitForState } = await start()
  await waitForState('reuse_low', 'firing', () => generateNew())
  await waitForState('reuse_low', 'resolved', () => alice.generate({ prompt: 'new 0' }))
  await expectChanges(app as AlertApp, 'reuse_low')
})

test('daily_spend_high, monthly_spend_high: images cost more than the budgets, and time goes by', async () => {
  const env = {
    BUDGET_DAILY_USD: '0.25',
    BUDGET_MONTHLY_USD: '0.45',
    BUDGET_WARN_PERCENT: '20',
  }
  const { db, generateNew, waitForState, list } = await start({ env })
  await generateNew(2)
  await waitForState('daily_spend_high', 'firing')
  const find = async (wanted: AlertName) =>
    (await list()).alerts.find(({ name }) => name === wanted)
  // A call that is out counts with what it may cost.
  await waitFor(async () => (await find('daily_spend_high'))?.value?.toFixed(4) === '0.0672', {
    what: 'what both images cost',
  })
  expect(await find('monthly_spend_high')).toMatchObject({ state: 'ok', threshold: 0.09 })
  await generateNew(1)
  await waitForState('monthly_spend_high', 'firing')
  const goBack = sql`update spending set starts = starts - 40`
  await goBack.execute(db)
  for (const name of ['daily_spend_high', 'monthly_spend_high'] as const) {
    await waitForState(name, 'resolved')
    await expectChanges(app as AlertApp, name)
  }
})

test('database_slow: a process has a slow way to Postgres, and then a fast one', async () => {
  const { config, secrets, waitForState } = await start({ workers: 0 })
  const proxy = await startPostgresProxy(config.database.url ?? '')
  const database = { ...config.database, url: proxy.url }
  const behind = createApi({ ...config, database }, secrets, createLogger('silent', 'api'), {
    adjustAlertRule,
  })
  try {
    const { url } = await behind.start()
    const ask = () => Promise.all(Array.from({ length: 3 }, () => fetch(`${url}/readyz`)))
    proxy.delay(260)
    await waitForState('database_slow', 'firing', ask)
    await proxy.mend()
    await waitForState('database_slow', 'resolved', ask)
    await expectChanges(app as AlertApp, 'database_slow')
  } finally {
    await behind.stop({ idleMs: 0 })
    await proxy.close()
  }
})
