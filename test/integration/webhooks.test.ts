import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { createHolds } from '../support/held.ts'
import { waitFor } from '../support/wait-for.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'
import { listDeliveries, register, waitForDelivery } from '../support/webhooks.ts'

const PUBLIC_URL = 'https://images.example'
const ENV = { WEBHOOK_ALLOW_PRIVATE: 'true', PUBLIC_URL, SWEEP_INTERVAL_MS: '100' }

let receiver: WebhookReceiver
beforeAll(async () => {
  receiver = await startWebhookReceiver()
})
afterAll(() => receiver.close())

const idsAt = (path: string) => receiver.at(path).map(({ headers }) => headers['webhook-id'])

describeEachBackend('a webhook endpoint', (backend) => {
  let app: TestApp
  let alice: Client

  beforeAll(async () => {
    app = await startTestApp({ backend, env: ENV, workers: 2 })
    alice = await createClient(app)
  })
  afterAll(() => app.stop())

  test('is told of a success once, signed, with the generation as it is answered', async () => {
    const path = `/success-${backend}`
    const { id, secret } = await register(alice, { url: receiver.url + path })
    const { body: made } = await alice.generateAndWait({ prompt: 'told once' })
    await waitForDelivery(alice, id, 'delivered')
    const [received] = receiver.at(path)
    const { body: generation } = await alice.get(made.id)
    expect(received?.verify(secret)).toEqual({
      type: 'generation.succeeded',
      timestamp: expect.stringMatching(/^20\d\d-.*Z$/),
      // Nothing is left to be followed: no URL that is a permission to is given away.
      data: {
        ...generation,
        urls: { ...generation.urls, events: `${generation.urls.self}/events` },
      },
    })
    expect(generation.imageUrl).toMatch(/^https:\/\/images\.example\/images\/g_.*\?v=/)
    expect(received?.headers).toMatchObject({
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^imageonce\//),
    })
    const deliveries = await listDeliveries(alice, id)
    expect(deliveries).toMatchObject([{ generationId: made.id, status: 'delivered', failures: 0 }])
    expect(idsAt(path)).toEqual([deliveries[0]?.id])
  })

  test('is told of 20 ends once each, by two workers', async () => {
    const path = `/many-${backend}`
    const { id } = await register(alice, { url: receiver.url + path })
    const prompts = Array.from({ length: 20 }, (_, i) => `of many, ${i}`)
    await Promise.all(prompts.map((prompt) => alice.generate({ prompt })))
    await receiver.waitForCount(path, 20, 20_000)
    await waitFor(async () => (await listDeliveries(alice, id, '?status=pending')).length === 0, {
      what: 'every delivery to end',
    })
    expect(new Set(idsAt(path)).size).toBe(20)
    expect(receiver.at(path)).toHaveLength(20)
  })
})

describe('what webhook endpoints are told', () => {
  let app: TestApp
  let alice: Client
  let holds: ReturnType<typeof createHolds>

  beforeAll(async () => {
    app = await startTestApp({
      env: ENV,
    })
    alice = await createClient(app)
    holds = createHolds(app.gemini)
  })
  afterAll(() => app.stop())

  const clear = async () => {
    await app.db.deleteFrom('webhookEndpoints').execute()
  }

  test('are failures, cancellations and what is asked for again, each end once', async () => {
    const { id } = await register(alice, { url: `${receiver.url}/ends` })
    app.gemini.behave({ kind: 'prompt_blocked' })
    const { body: failed } = await alice.generateAndWait({ prompt: 'again and again' })
    await receiver.waitForCount('/ends', 1)
    app.gemini.reset()
    await alice.generateAndWait({ prompt: 'again and again' })
    await receiver.waitForCount('/ends', 2)
    const held = await holds.start(alice, 'to be canceled')
    await alice.call('POST', `/api/generations/${held.id}/cancel`)
    await receiver.waitForCount('/ends', 3)
    await alice.call('DELETE', `/api/images/${failed.id}`)
    await receiver.waitForCount('/ends', 4)
    holds.release()
    const events = receiver.at('/ends').map(({ text }) => JSON.parse(text))
    expect(events).toMatchObject([
      { type: 'generation.failed', data: { id: failed.id, error: { code: 'refused_prompt' } } },
      { type: 'generation.succeeded', data: { id: failed.id, isPlaceholder: false } },
      { type: 'generation.canceled', data: { id: held.id, error: { code: 'canceled' } } },
      { type: 'generation.canceled', data: { id: failed.id, error: { code: 'image_deleted' } } },
    ])
    expect(await listDeliveries(alice, id)).toHaveLength(4)
    await clear()
  })

  test('is the end as it was, even when it has been asked for again since', async () => {
    await app.stopWorkers()
    const { body: queued } = await alice.generate({ prompt: 'soon another' })
    await register(alice, { url: `${receiver.url}/as-it-was` })
    await alice.call('POST', `/api/generations/${queued.id}/cancel`)
    await alice.generate({ prompt: 'soon another' })
    await app.startWorker()
    await receiver.waitForCount('/as-it-was', 2)
    const events = receiver.at('/as-it-was').map(({ text }) => JSON.parse(text))
    const ends = events.map(({ type, data }) => [type, data.status]).sort()
    expect(ends).toEqual([
      ['generation.canceled', 'canceled'],
      ['generation.succeeded', 'succeeded'],
    ])
    await clear()
  })

  test('are the events they chose, while they are enabled', async () => {
    await register(alice, { url: `${receiver.url}/chosen`, events: ['generation.failed'] })
    await register(alice, { url: `${receiver.url}/disabled`, isEnabled: false })
    const other = await register(alice, { url: `${receiver.url}/control` })
    await alice.generateAndWait({ prompt: 'of no interest' })
    await waitForDelivery(alice, other.id, 'delivered')
    const told = await app.db.selectFrom('webhookDeliveries').select('endpointId').execute()
    expect(told).toEqual([{ endpointId: other.id }])
    await clear()
  })
})
