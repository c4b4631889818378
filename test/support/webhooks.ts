import type { Webhook, WebhookDelivery } from '../../src/contract/webhook.ts'
import type { Client } from './client.ts'
import { waitFor } from './wait-for.ts'

/** Registers an endpoint, and gives it with its secret. */
export const register = async (
  client: Client,
  input: object,
): Promise<Webhook & { secret: string }> => {
  const { status, body } = await client.call<Webhook>('POST', '/api/webhooks', { body: input })
  if (status !== 201 || !body.secret) throw new Error(`not registered: ${JSON.stringify(body)}`)
  return { ...body, secret: body.secret }
}

export const getWebhook = async (client: Client, id: string): Promise<Webhook> =>
  (await client.call<Webhook>('GET', `/api/webhooks/${id}`)).body

export const listDeliveries = async (
  client: Client,
  id: string,
  query = '',
): Promise<WebhookDelivery[]> =>
  (
    await client.call<{ deliveries: WebhookDelivery[] }>(
      'GET',
      `/api/webhooks/${id}/deliveries${query}`,
    )
  ).body.deliveries

export const getDelivery = async (
  client: Client,
  id: string,
  deliveryId: string,
): Promise<WebhookDelivery> =>
  (await client.call<WebhookDelivery>('GET', `/api/webhooks/${id}/deliveries/${deliveryId}`)).body

/** Waits for the newest delivery of an endpoint to be in a state, and gives it with its attempts. */
export const waitForDelivery = async (
  client: Client,
  id: string,
  status: WebhookDelivery['status'],
): Promise<WebhookDelivery> => {
  const found = await waitFor(
    async () => {
      const [newest] = await listDeliveries(client, id)
      return newest?.status === status && newest
    },
    { what: `a delivery that is ${status}` },
  )
  return getDelivery(client, id, found.id)
}
