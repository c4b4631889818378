import { afterEach, describe, expect, test } from '@jest/globals'
import type { AlertHistory } from '../../src/contract/alert.ts'
import { alertNameSchema } from '../../src/contract/vocabulary.ts'
import type { Webhook } from '../../src/contract/webhook.ts'
import { type AlertApp, startAlertApp } from '../support/alerts.ts'
import type { TestAppOptions } from '../support/app.ts'
import type { Answer } from '../support/client.ts'
import { scrape } from '../support/metrics.ts'
import { expectProblem } from '../support/problems.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

let app: AlertApp | undefined
let receiver: WebhookReceiver | undefined
afterEach(async () => {
  await app?.stop()
  await receiver?.close()
})

const start = async (options?: TestAppOptions): Promise<AlertApp> => {
  app = await startAlertApp(options)
  return app
}

const events = ['alert.firing', 'alert.resolved']

describe('operators', () => {
  test('have their endpoints told of each change once, signed, also when no worker is there to tell', async () => {
    const hooks = await startWebhookReceiver()
    receiver = hooks
    const { operator, alice, waitForState, startWorker, listChanges } = await start({
      apis: 2,
      workers: 0,
    })
    const { body: webhook } = await operator.call<Webhook>('POST', '/api/webhooks', {
      body: { url: `${hooks.url}/alerts`, events },
    })
    const { body: another } = await alice.call<Webhook>('POST', '/api/webhooks', {
      body: { url: `${hooks.url}/generations` },
    })
    expect(another.events).not.toContain('alert.firing')
    await waitForState('no_worker', 'firing')
    await hooks.waitForCount('/alerts', 1)
    await startWorker()
    await waitForState('no_worker', 'resolved')
    const received = await hooks.waitForCount('/alerts', 2)
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
    expect(hooks.at('/generations')).toEqual([])
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
    const startedAt = Date.now()
    await stopWorkers()
    await waitForState('no_worker', 'firing')
    await startWorker()
    await waitForState('no_worker', 'resolved')
    await stopWorkers()
    await waitForState('no_worker', 'firing')
    expect((await scrape(url)).get('imageonce_alert_firing{alert="no_worker"}')).toBe(1)
    const { alerts, evaluatedAt, intervalMs } = await list()
    expect(alerts.map(({ name }) => name).sort()).toEqual([...alertNameSchema.options].sort())
    expect(alerts[0]).toMatchObject({
      name: 'no_worker',
      state: 'firing',
      docs: 'docs/operations.md#no_worker',
      unit: 'count',
    })
    expect(Date.parse(evaluatedAt ?? '')).toBeGreaterThan(startedAt)
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
})
