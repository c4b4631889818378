import type { Database } from '../../../db/database.ts'
import type { WebhookEndpointRow } from '../../../db/schema.ts'
import { MAX_WEBHOOK_ENDPOINTS } from '../../contract/limits.ts'
import type { SourceWebhook } from '../../contract/webhook.ts'
import { type HookDelivery, insertHookDelivery } from '../../generation/submit/hook-delivery.ts'
import { deleteEndpoint, insertEndpoint, listEndpoints } from './endpoints.ts'

/* What a hook source does with its endpoints; each signed request counts once. All throw `hook_replayed`. */

/** Throws `too_many_webhooks`. */
export const registerSourcesEndpoint = (
  db: Database,
  delivery: HookDelivery,
  input: SourceWebhook,
): Promise<WebhookEndpointRow> =>
  db.transaction().execute(async (tx) => {
    await insertHookDelivery(tx, delivery)
    return insertEndpoint(tx, { source: delivery.source }, { ...input, isEnabled: true })
  })

/** All of them, newest first. */
export const listSourcesEndpoints = (
  db: Database,
  delivery: HookDelivery,
): Promise<WebhookEndpointRow[]> =>
  db.transaction().execute(async (tx) => {
    await insertHookDelivery(tx, delivery)
    const { source } = delivery
    return listEndpoints(tx, { source }, { before: undefined, limit: MAX_WEBHOOK_ENDPOINTS })
  })

/** Throws `not_found`. */
export const removeSourcesEndpoint = (
  db: Database,
  delivery: HookDelivery,
  id: string,
): Promise<void> =>
  db.transaction().execute(async (tx) => {
    await insertHookDelivery(tx, delivery)
    await deleteEndpoint(tx, { source: delivery.source }, id)
  })
