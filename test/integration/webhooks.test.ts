import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Webhook, WebhookDelivery } from '../../src/contract/webhook.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts'

type Client = Awaited<ReturnType<typeof createClient>>

describeEachBackend('a webhook endpoint', (backend) => {
  let app: TestApp
  let alice: Client
  let receiver: WebhookReceiver

  beforeAll(async () => {
    receiver = await startWebhookReceiver()
    const env = { WEBHOOK_ALLOW_PRIVATE: 'true', PUBLIC_URL: 'https://images.example' }
    app = await startTestApp({ backend, env })
    alice = await createClient(app)
  })
  afterAll(async () => {
    await app.stop()
    await receiver.close()
  })

  test('is told of a success once, signed, with the generation as it is answered', async () => {
    const url = `${receiver.url}/success`
    const { status, body: webhook } = await alice.call<Webhook>('POST', '/api/webhooks', {
      body: { url },
    })
    expect(status).toBe(201)
    const { body: generation } = await alice.generateAndWait({ prompt: 'told once' })
    const [webhookReceived] = await receiver.waitForCount('/success', 1)
    const event = webhookReceived?.verify(webhook.secret ?? '')
    expect(event).toEqual({
      type: 'generation.succeeded',
      timestamp: expect.any(String),
      data: { ...generation, isExisting: false },
    })
    const { body } = await alice.call<{ deliveries: WebhookDelivery[] }>(
      'GET',
      `/api/webhooks/${webhook.id}/deliveries`,
    )
    expect(body.deliveries).toMatchObject([
      { id: webhookReceived?.headers['webhook-id'], type: 'generation.succeeded' },
    ])
    expect(receiver.at('/success')).toHaveLength(1)
  })
})
