import type { Database } from '../../../db/database.ts'
import type { WebhookDeliveryRow, WebhookEndpointRow } from '../../../db/schema.ts'
import type { AnswerContext } from '../../generation/read/present.ts'
import { type Attempt, makeAttempt } from './attempt.ts'
import type { ClaimedDelivery } from './claim.ts'
import { buildPayload } from './payload.ts'
import type { SendWebhook } from './ports.ts'
import { disableEndpoint, recordAttempt, releaseDelivery } from './record.ts'
import type { RetryWaits } from './schedule.ts'
import { signWebhook } from './secret.ts'

export type DeliverDeps = {
  db: Database
  send: SendWebhook
  retryWaitsMs: RetryWaits
  answerContext: AnswerContext
  userAgent: string
  onAttempt: (delivery: WebhookDeliveryRow, attempt: Attempt) => void
}

/**
 * One attempt at a delivery that this worker has claimed, and what follows from it. An attempt that `letGo` breaks off
 * does not count: another worker makes it again, under the same `webhook-id`.
 */
export const deliver = async (
  deps: DeliverDeps,
  delivery: ClaimedDelivery,
  letGo: AbortSignal,
): Promise<void> => {
  const endpoint = await findEndpointOf(deps.db, delivery)
  if (!endpoint) return
  // Disabled at the moment that this was written for it.
  if (!endpoint.isEnabled) return disableEndpoint(deps.db, endpoint.id, endpoint.disabledReason)
  const attempt = await attemptDelivery(deps, delivery, endpoint, letGo)
  if (attempt.error !== undefined && letGo.aborted) return releaseDelivery(deps.db, delivery)
  const isOurs = await recordAttempt(deps.db, delivery, attempt, deps.retryWaitsMs)
  if (isOurs) deps.onAttempt(delivery, attempt)
}

const attemptDelivery = (
  { send, answerContext, userAgent }: DeliverDeps,
  delivery: ClaimedDelivery,
  endpoint: WebhookEndpointRow,
  signal: AbortSignal,
): Promise<Attempt> => {
  const body = buildPayload(delivery, answerContext)
  const at = delivery.claimedAt
  const headers = {
    'content-type': 'application/json',
    'user-agent': userAgent,
    'webhook-id': delivery.id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': signWebhook(endpoint, { id: delivery.id, at, body }),
  }
  return makeAttempt(send, { url: endpoint.url, headers, body }, at, signal)
}

const findEndpointOf = (db: Database, { endpointId }: WebhookDeliveryRow) =>
  db.selectFrom('webhookEndpoints').selectAll().where('id', '=', endpointId).executeTakeFirst()
