import { afterEach, describe, expect, test } from '@jest/globals'
import {
  claimEvaluation,
  findAlerts,
  listAlertEvents,
  lockEvaluation,
} from '../../src/alerts/repository.ts'
import { createApi } from '../../src/context/api.ts'
import type { AlertHistory } from '../../src/contract/alert.ts'
import type { Webhook } from '../../src/contract/webhook.ts'
import { createLogger } from '../../src/logger.ts'
import { type AlertApp, startAlertApp } from '../support/alerts.ts'
import type { TestAppOptions } from '../support/app.ts'
import type { Answer } from '../support/client.ts'
import { scrape } from '../support/metrics.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { expectProblem } from '../support/problems.ts'
import { openTestDatabase } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'

let app: AlertApp | undefined
afterEach(() => app?.stop())

const start = async (options?: TestAppOptions): Promise<AlertApp> => {
  app = await startAlertApp(options)
  return app
}

const events = ['alert.firing', 'alert.resolved']

describe('operators', () => {
  test('have their endpoints told of each change once, signed, also when no worker is there to tell', async () => {
    const receiver = await startWebhookReceiver()
    const { operator, alice, waitForState, startWorker, listChanges } = await start({
      apis: 2,
      workers: 0,
    })
    const { body: webhook } = await operator.call<Webhook>('POST', '/api/webhooks', {
      body: { url: `${receiver.url}/alerts`, events },
    })
    const { body: another } = await alice.call<Webhook>('POST', '/api/webhooks', {
      body: { url: `${receiver.url}/generations` },
    })
    expect(another.events).not.toContain('alert.firing')
    await waitForState('no_worker', 'firing')
    await receiver.waitForCount('/alerts', 1)
    await startWorker()
    await waitForState('no_worker', 'resolved')
    const received = await receiver.waitForCount('/alerts', 2)
    const told = received.map(({ verify }) => verify(webhook.secret ?? ''))
    const changes = await listChanges('no_worker')
    expect(told.map(({ type, data }) => [type, data])).toEqual([
      ['alert.firing', changes[0]],
      ['alert.resolved', changes[1]],
    ])
    expect(changes.map(({ message }) => message)).toEqual([
      'No worker is alive. Workers alive: 0; fires below 1.',
      'No longer: No worker is alive. Workers alive: 1; fires below 1.',
    ])
    expect(receiver.at('/generations')).toEqual([])
    await receiver.close()
  })

  test('alone may ask for alerts, and have endpoints told of them', async () => {
    const { alice, operator } = await start({ workers: 0 })
    for (const path of ['/api/alerts', '/api/alerts/history']) {
      expectProblem(await alice.fail('GET', path), { status: 403, code: 'forbidden' })
    }
    const url = 'https://app.example/alerts'
    const refused = await alice.fail('POST', '/api/webhooks', { body: { url, events } })
    expectProblem(refused, { status: 403, code: 'forbidden' })
    const { body: own } = await alice.call<Webhook>('POST', '/api/webhooks', { body: { url } })
    const path = `/api/webhooks/${own.id}`
    expectProblem(await alice.fail('PATCH', path, { body: { events } }), {
      status: 403,
      code: 'forbidden',
    })
    const { status } = await operator.call('PATCH', path, { body: { events } })
    expect(status).toBe(200)
  })
})

describe('an alert', () => {
  test('is told first while it fires, with what it means, and pages of its history', async () => {
    const { url, operator, waitForState, stopWorkers, startWorker, list } = await start()
    await stopWorkers()
    await waitForState('no_worker', 'firing')
    await startWorker()
    await waitForState('no_worker', 'resolved')
    await stopWorkers()
    await waitForState('no_worker', 'firing')
    expect((await scrape(url)).get('imageonce_alert_firing{alert="no_worker"}')).toBe(1)
    const { alerts, evaluatedAt, intervalMs } = await list()
    expect(alerts).toHaveLength(10)
    expect(alerts[0]).toMatchObject({
      name: 'no_worker',
      state: 'firing',
      docs: 'docs/operations.md#no_worker',
      unit: 'count',
    })
    expect(Date.parse(evaluatedAt ?? '')).toBeGreaterThan(Date.now() - 5_000)
    expect(intervalMs).toBe(50)
    const states: string[] = []
    let path: string | null = '/api/alerts/history?limit=2'
    while (path) {
      const { body, headers }: Answer<AlertHistory> = await operator.call('GET', path)
      states.push(...body.events.map(({ state }) => state))
      path = /<([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? null
    }
    expect(states).toEqual(['firing', 'resolved', 'firing'])
  })

  test('stays as it is through a restart of all processes', async () => {
    const { config, secrets, db } = await start({ apis: 0, workers: 0 })
    const find = async () => {
      const { rows, evaluatedAt } = await findAlerts(db)
      const alert = rows.find(({ name }) => name === 'no_worker')
      return alert?.state === 'firing' && { alert, evaluatedAt }
    }
    const live = async (isEnough: () => Promise<unknown>) => {
      const api = createApi(config, secrets, createLogger('silent', 'api'))
      await api.start()
      const found = await waitFor(isEnough, { what: 'evaluations' })
      await api.stop({ idleMs: 0 })
      return found
    }
    await live(find)
    const before = await find()
    await live(async () => {
      const now = await find()
      return now && before && Number(now.evaluatedAt) > Number(before.evaluatedAt)
    })
    expect(await find()).toMatchObject({ alert: before ? before.alert : undefined })
    expect(await listAlertEvents(db, { before: undefined, limit: 10 })).toHaveLength(1)
  })

  test('is not evaluated while Postgres is away, and whoever asks is told so', async () => {
    const { config, secrets, operator, waitForState } = await start({ workers: 0 })
    await waitForState('no_worker', 'firing')
    const proxy = await startPostgresProxy(config.database.url ?? '')
    const database = { ...config.database, url: proxy.url }
    const behind = createApi({ ...config, database }, secrets, createLogger('silent', 'api'))
    const { url } = await behind.start()
    const ask = () => operator.call('GET', `${url}/api/alerts`)
    expect((await ask()).status).toBe(200)
    await proxy.cut()
    expect(await ask()).toMatchObject({ status: 503, body: { code: 'unavailable' } })
    await proxy.mend()
    await waitFor(async () => (await ask()).status === 200, { what: 'Postgres to be back' })
    await behind.stop({ idleMs: 0 })
    await proxy.close()
  })
})

describe('an evaluation', () => {
  const HOUR_MS = 3_600_000

  test('is one of all processes alone, and of the next one when that has died with it', async () => {
    const { db, close } = await openTestDatabase()
    const claimAll = () =>
      Promise.all(Array.from({ length: 20 }, () => claimEvaluation(db, HOUR_MS)))
    const lock = (claim: string) => db.transaction().execute((tx) => lockEvaluation(tx, claim))
    const [first = '', ...others] = (await claimAll()).filter((claim) => claim !== undefined)
    expect(others).toEqual([])
    await db
      .updateTable('alertEvaluation')
      .set({ claimedFor: new Date(0) })
      .execute()
    const [second = ''] = (await claimAll()).filter((claim) => claim !== undefined)
    expect(await lock(first)).toBeUndefined()
    expect(await lock(second)).toBeInstanceOf(Date)
    await close()
  })

  test('is made once in an interval by many processes', async () => {
    const { db, list } = await start({ apis: 3, workers: 2, env: { ALERT_INTERVAL_MS: '200' } })
    const read = () => db.selectFrom('alertEvaluation').selectAll().executeTakeFirstOrThrow()
    const since = await read()
    const startedAt = Date.now()
    const isDone = async () => Number((await read()).claims) >= Number(since.claims) + 5
    await waitFor(isDone, { what: 'five evaluations' })
    expect(Date.now() - startedAt).toBeGreaterThan(700)
    const { evaluatedAt } = await list()
    expect(evaluatedAt).not.toBeNull()
  })
})
