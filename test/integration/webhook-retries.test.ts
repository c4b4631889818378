import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  answer,
  neverAnswer,
  reset,
  startWebhookReceiver,
  type WebhookReceiver,
} from '../support/webhook-receiver.ts'
import { getWebhook, listDeliveries, register, waitForDelivery } from '../support/webhooks.ts'

let app: TestApp
let alice: Client
let receiver: WebhookReceiver

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  const env = {
    WEBHOOK_ALLOW_PRIVATE: 'true',
    WEBHOOK_RETRY_MS: '1,1,1',
    WEBHOOK_TIMEOUT_MS: '500',
    SWEEP_INTERVAL_MS: '100',
  }
  app = await startTestApp({ env })
  alice = await createClient(app)
})
afterAll(async () => {
  await app.stop()
  await receiver.close()
})
afterEach(async () => {
  await app.db.deleteFrom('webhookEndpoints').execute()
})

const idsAt = (path: string) => receiver.at(path).map(({ headers }) => headers['webhook-id'])

const tell = async (path: string) => {
  const webhook = await register(alice, { url: receiver.url + path })
  await alice.call('POST', `/api/webhooks/${webhook.id}/test`)
  return webhook
}

test.each([
  ['a 500', answer(500, 'broken'), { statusCode: 500, error: 'answered 500', answer: 'broken' }],
  ['a redirect', answer(302, '', { location: '/' }), { statusCode: 302 }],
  ['silence', neverAnswer, { error: 'no answer within 500 ms' }],
  ['a reset', reset, { error: expect.stringMatching(/hang up|ECONNRESET/) }],
])(
  'a delivery is repeated after %s, under the same id and signed anew',
  async (name, behaviour, seen) => {
    const path = `/${name.replace(' ', '-')}`
    receiver.behave(path, behaviour, behaviour, answer(200, 'thanks'))
    const { id, secret } = await tell(path)
    const delivery = await waitForDelivery(alice, id, 'delivered')
    expect(delivery).toMatchObject({ type: 'webhook.test', failures: 2 })
    expect(delivery.attempts).toMatchObject([{ statusCode: 200, answer: 'thanks' }, seen, seen])
    expect(idsAt(path)).toEqual([delivery.id, delivery.id, delivery.id])
    for (const received of receiver.at(path)) {
      expect(received.verify(secret)).toMatchObject({ type: 'webhook.test' })
    }
    expect((await getWebhook(alice, id)).failingSince).toBeUndefined()
  },
)

test('a delivery has failed after the last attempt, and is delivered again by hand', async () => {
  receiver.behave('/down', ...Array.from({ length: 4 }, () => answer(500)), answer(204))
  const { id } = await tell('/down')
  const failed = await waitForDelivery(alice, id, 'failed')
  expect(failed.attempts).toHaveLength(4)
  expect((await getWebhook(alice, id)).failingSince).toBeDefined()
  const again = await alice.call('POST', `/api/webhooks/${id}/deliveries/${failed.id}/redeliver`)
  expect(again).toMatchObject({ status: 202, body: { id: failed.id, status: 'pending' } })
  const delivered = await waitForDelivery(alice, id, 'delivered')
  expect(delivered.attempts).toHaveLength(5)
  expect(new Set(idsAt('/down'))).toEqual(new Set([failed.id]))
})

test('an answer counts by its status, though its body never ends or is endless', async () => {
  receiver.behave('/drip', (res) => void res.writeHead(200).write('and so on'))
  receiver.behave('/long', answer(200, 'x'.repeat(100_000)))
  const drip = await tell('/drip')
  const long = await tell('/long')
  const [first] = (await waitForDelivery(alice, drip.id, 'delivered')).attempts ?? []
  expect(first).toMatchObject({ statusCode: 200, answer: 'and so on' })
  const [second] = (await waitForDelivery(alice, long.id, 'delivered')).attempts ?? []
  expect(second?.answer).toBe('x'.repeat(1_024))
})

test('an endpoint that answers 410 is told nothing more, until it is enabled again', async () => {
  receiver.behave('/gone', answer(500), answer(410))
  await app.stopWorkers()
  const { id } = await tell('/gone')
  for (let i = 0; i < 5; i++) await alice.call('POST', `/api/webhooks/${id}/test`)
  await app.startWorker()
  await waitFor(async () => !(await getWebhook(alice, id)).isEnabled, {
    what: 'it to be disabled',
  })
  await waitFor(async () => (await listDeliveries(alice, id, '?status=failed')).length === 6, {
    what: 'what was to be delivered to end',
  })
  expect(await getWebhook(alice, id)).toMatchObject({ disabledReason: 'gone' })
  const refused = await alice.fail('POST', `/api/webhooks/${id}/test`)
  expect(refused).toMatchObject({ status: 409, body: { code: 'webhook_disabled' } })
  receiver.behave('/gone', answer(204))
  const enabled = await alice.call('PATCH', `/api/webhooks/${id}`, { body: { isEnabled: true } })
  expect(enabled.body).not.toHaveProperty('disabledReason')
  await alice.call('POST', `/api/webhooks/${id}/test`)
  await waitForDelivery(alice, id, 'delivered')
})

test('an endpoint that has failed for five days is told nothing more', async () => {
  receiver.behave('/failing', answer(500))
  const { id } = await tell('/failing')
  await waitForDelivery(alice, id, 'failed')
  const at = new Date(Date.now() - 5 * 24 * 3_600_000 - 1_000)
  await app.db.updateTable('webhookEndpoints').set({ failingSince: at }).execute()
  await alice.call('POST', `/api/webhooks/${id}/test`)
  await waitFor(async () => (await getWebhook(alice, id)).disabledReason === 'failing', {
    what: 'it to be disabled',
  })
})

test('after an exchange both secrets sign for a day, then the new one', async () => {
  const before = await register(alice, { url: `${receiver.url}/rotated` })
  const rotate = `/api/webhooks/${before.id}/rotate-secret`
  const { body: after } = await alice.call<typeof before>('POST', rotate)
  expect(after.secret).not.toBe(before.secret)
  await alice.call('POST', `/api/webhooks/${before.id}/test`)
  await receiver.waitForCount('/rotated', 1)
  const at = new Date(Date.now() - 1_000)
  await app.db.updateTable('webhookEndpoints').set({ previousSecretExpiresAt: at }).execute()
  await alice.call('POST', `/api/webhooks/${before.id}/test`)
  const [both, one] = await receiver.waitForCount('/rotated', 2)
  expect(both?.verify(before.secret)).toEqual(both?.verify(after.secret))
  expect(one?.verify(after.secret)).toMatchObject({ type: 'webhook.test' })
  expect(() => one?.verify(before.secret)).toThrow('No matching signature')
})

/** So many, four at a time and each half a second: another that waited for them would be told last. */
const LINE = 60

test('a slow endpoint holds up no other', async () => {
  receiver.behave('/slow', neverAnswer)
  await app.stopWorkers()
  const slow = await register(alice, { url: `${receiver.url}/slow` })
  for (let i = 0; i < LINE; i++) await alice.call('POST', `/api/webhooks/${slow.id}/test`)
  await tell('/quick')
  await app.startWorker()
  await receiver.waitForCount('/quick', 1)
  const ahead = receiver.received.filter(({ path }) => path === '/slow' || path === '/quick')
  expect(ahead.findIndex(({ path }) => path === '/quick')).toBeLessThan(LINE)
})
