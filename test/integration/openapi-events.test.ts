import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type AlertApp, startAlertApp } from '../support/alerts.ts'
import { createContractCheck } from '../support/openapi.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { register } from '../support/webhooks.ts'

let app: AlertApp
let receiver: WebhookReceiver
let contract: ReturnType<typeof createContractCheck>

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  app = await startAlertApp({ env: { SWEEP_INTERVAL_MS: '100' } })
  const response = await fetch(`${app.url}/openapi.json`)
  contract = createContractCheck((await response.json()) as never)
})
afterAll(async () => {
  await app.stop()
  await receiver.close()
})

const expectAsDocumented = (path: string, secret: string, types: string[]) => {
  const events = receiver.at(path).map(({ verify }) => verify(secret))
  expect(events.map(({ type }) => type).sort()).toEqual([...types].sort())
  expect(events.flatMap(contract.checkEvent)).toEqual([])
}

test('webhook endpoints are sent what the document says', async () => {
  const { alice } = app
  const { id, secret } = await register(alice, { url: `${receiver.url}/ends` })
  await alice.generateAndWait({ prompt: 'a success' })
  app.gemini.behave({ kind: 'prompt_blocked' })
  await alice.generateAndWait({ prompt: 'a refusal' })
  await alice.call('POST', `/api/webhooks/${id}/test`)
  await receiver.waitForCount('/ends', 3)
  expectAsDocumented('/ends', secret, ['generation.succeeded', 'generation.failed', 'webhook.test'])
})

test('so are those that hear of alerts', async () => {
  const { operator, stopWorkers, startWorker } = app
  const input = { url: `${receiver.url}/alerts`, events: ['alert.firing', 'alert.resolved'] }
  const { secret } = await register(operator, input)
  await stopWorkers()
  await app.waitForState('no_worker', 'firing')
  await startWorker()
  await app.waitForState('no_worker', 'resolved')
  await receiver.waitForCount('/alerts', 2)
  expectAsDocumented('/alerts', secret, ['alert.firing', 'alert.resolved'])
})

test('a payload that is not as documented is noticed', () => {
  const event = { type: 'webhook.test', timestamp: '2026-11-22T09:00:00.000Z', data: {} }
  expect(contract.checkEvent(event)).toHaveLength(1)
})
