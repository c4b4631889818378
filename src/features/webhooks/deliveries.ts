import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { nudge } from '../../../db/nudges.ts'
import type {
  WebhookAttemptRow,
  WebhookDeliveryRow,
  WebhookEndpointRow,
} from '../../../db/schema.ts'
import type { WebhookDeliveryStatus } from '../../contract/vocabulary.ts'
import { WEBHOOKS_DUE } from '../../generation/state/channel.ts'
import type { PagePosition } from '../../generation/state/repository.ts'
import { AppError } from '../../lib/errors.ts'
import { TEST_EVENT } from './payload.ts'

/** The newest of a delivery that are shown. */
const MAX_SHOWN_ATTEMPTS = 100

export type DeliveryPage = {
  endpointId: string
  status?: WebhookDeliveryStatus | undefined
  before: PagePosition | undefined
  limit: number
}

/** What was or is to be delivered to an endpoint, newest first. */
export const listDeliveries = (
  db: Database,
  { endpointId, status, before, limit }: DeliveryPage,
): Promise<WebhookDeliveryRow[]> => {
  let query = db.selectFrom('webhookDeliveries').selectAll().where('endpointId', '=', endpointId)
  if (status) query = query.where('status', '=', status)
  if (before) query = query.where(sql<boolean>`(created_at, id) < (${before.at}, ${before.id})`)
  return query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

/** A delivery with how its attempts went, newest first. Throws `not_found`. */
export const getDelivery = async (
  db: Database,
  endpointId: string,
  id: string,
): Promise<{ delivery: WebhookDeliveryRow; attempts: WebhookAttemptRow[] }> => {
  if (!DELIVERY_ID.test(id)) throw notFound()
  const delivery = await db
    .selectFrom('webhookDeliveries')
    .selectAll()
    .where('endpointId', '=', endpointId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!delivery) throw notFound()
  const attempts = await db
    .selectFrom('webhookAttempts')
    .selectAll()
    .where('deliveryId', '=', id)
    .orderBy('id', 'desc')
    .limit(MAX_SHOWN_ATTEMPTS)
    .execute()
  return { delivery, attempts }
}

/** Has a test event delivered to an endpoint at once. Throws `webhook_disabled`. */
export const insertTest = async (
  db: Database,
  endpoint: WebhookEndpointRow,
): Promise<WebhookDeliveryRow> => {
  assertEnabled(endpoint)
  const row = await db
    .insertInto('webhookDeliveries')
    .values({ endpointId: endpoint.id, type: TEST_EVENT, snapshot: null })
    .returningAll()
    .executeTakeFirstOrThrow()
  await nudge(db, [WEBHOOKS_DUE])
  return row
}

/**
 * Has it delivered again, at once, under the same `webhook-id` and with as many attempts as a new one. How an attempt ends
 * that is under way changes nothing any more. Throws `not_found`, `webhook_disabled`.
 */
export const redeliver = async (
  db: Database,
  endpoint: WebhookEndpointRow,
  id: string,
): Promise<WebhookDeliveryRow> => {
  assertEnabled(endpoint)
  if (!DELIVERY_ID.test(id)) throw notFound()
  const row = await db
    .updateTable('webhookDeliveries')
    .set((eb) => ({
      status: 'pending',
      failures: 0,
      claims: eb('claims', '+', 1),
      nextAttemptAt: sql<Date>`now()`,
      leaseExpiresAt: null,
    }))
    .where('endpointId', '=', endpoint.id)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  if (!row) throw notFound()
  await nudge(db, [WEBHOOKS_DUE])
  return row
}

const assertEnabled = ({ isEnabled }: WebhookEndpointRow): void => {
  if (isEnabled) return
  throw new AppError('webhook_disabled', 'The webhook endpoint is disabled; enable it first.')
}

const DELIVERY_ID = /^msg_[0-9a-f]{32}$/

const notFound = () => new AppError('not_found', 'There is no delivery with this id.')
