import type { Webhook, WebhookDelivery } from '../../src/contract/webhook.ts'
import { callApi } from '../api.ts'

export type EndpointInput = Pick<Webhook, 'url' | 'events'> & { description: string | null }

const pathOf = (id: string): string => `/api/webhooks/${id}`

/** The endpoint with its secret, which no other answer has. Throws `ProblemError`, as all of these do. */
export const createEndpoint = (input: EndpointInput): Promise<Webhook> =>
  callApi('/api/webhooks', { method: 'POST', body: input })

export const changeEndpoint = (
  id: string,
  change: Partial<EndpointInput> & { isEnabled?: boolean },
): Promise<Webhook> => callApi(pathOf(id), { method: 'PATCH', body: change })

export const deleteEndpoint = (id: string): Promise<void> =>
  callApi(pathOf(id), { method: 'DELETE' })

/** The endpoint with its new secret. */
export const rotateSecret = (id: string): Promise<Webhook> =>
  callApi(`${pathOf(id)}/rotate-secret`, { method: 'POST' })

export const sendTest = (id: string): Promise<WebhookDelivery> =>
  callApi(`${pathOf(id)}/test`, { method: 'POST' })

export const redeliver = (id: string, deliveryId: string): Promise<WebhookDelivery> =>
  callApi(`${pathOf(id)}/deliveries/${deliveryId}/redeliver`, { method: 'POST' })
