import type {
  WebhookAttemptRow,
  WebhookDeliveryRow,
  WebhookEndpointRow,
} from '../../../db/schema.ts'
import { webhookEventSchema } from '../../contract/vocabulary.ts'
import type { Webhook, WebhookAttempt, WebhookDelivery } from '../../contract/webhook.ts'
import { defined } from '../../generation/read/present.ts'

/** A webhook endpoint as it is answered, without its secret. */
export const presentEndpoint = (row: WebhookEndpointRow): Webhook => ({
  id: row.id,
  url: row.url,
  events: webhookEventSchema.options.filter((event) => row.events.includes(event)),
  isEnabled: row.isEnabled,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  ...defined({
    ownerId: row.ownerId,
    source: row.source,
    description: row.description,
    disabledReason: row.disabledReason,
    failingSince: row.failingSince?.toISOString(),
    previousSecretExpiresAt: row.previousSecretExpiresAt?.toISOString(),
  }),
})

/** With the secret, for the caller who has just had it made. */
export const presentWithSecret = (row: WebhookEndpointRow): Webhook => ({
  ...presentEndpoint(row),
  secret: row.secret,
})

export const presentDelivery = (
  row: WebhookDeliveryRow,
  attempts?: WebhookAttemptRow[],
): WebhookDelivery => ({
  id: row.id,
  type: row.type,
  status: row.status,
  failures: row.failures,
  createdAt: row.createdAt.toISOString(),
  ...defined({
    generationId: row.generationId,
    ownerId: row.ownerId,
    itemId: row.itemId,
    nextAttemptAt: row.nextAttemptAt?.toISOString(),
    attempts: attempts?.map(presentAttempt),
  }),
})

const presentAttempt = (row: WebhookAttemptRow): WebhookAttempt => ({
  startedAt: row.startedAt.toISOString(),
  durationMs: row.durationMs,
  ...defined({ statusCode: row.statusCode, error: row.error, answer: row.answer }),
})
