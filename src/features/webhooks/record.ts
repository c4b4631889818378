import { sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema, WebhookDeliveryRow } from '../../../db/schema.ts'
import type { WebhookDisabledReason } from '../../contract/vocabulary.ts'
import type { Attempt } from './attempt.ts'
import { decideRetryWait, type RetryWaits } from './schedule.ts'

/** An endpoint that nothing has reached for so long gets nothing more. */
const FAILING_DAYS = 5

const GONE = 410

/**
 * Writes down an attempt and what follows from it: delivered, to be tried again, or failed for good; and an endpoint
 * that is gone or has failed for days is disabled. False when the claim no longer stands; nothing is changed then.
 */
export const recordAttempt = (
  db: Database,
  delivery: WebhookDeliveryRow,
  attempt: Attempt,
  waits: RetryWaits,
): Promise<boolean> =>
  db.transaction().execute(async (tx) => {
    await lockEndpoint(tx, delivery.endpointId)
    const { numUpdatedRows } = await claimed(tx, delivery)
      .set({ ...decideNext(delivery, attempt, waits), leaseExpiresAt: null })
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return false
    await insertAttempt(tx, delivery, attempt)
    await judgeEndpoint(tx, delivery.endpointId, attempt)
    return true
  })

const decideNext = (
  { failures: before }: WebhookDeliveryRow,
  { error, statusCode, retryAfter, startedAt }: Attempt,
  waits: RetryWaits,
) => {
  if (error === undefined) return { status: 'delivered' as const, nextAttemptAt: null }
  const failures = before + 1
  const waitMs = decideRetryWait(waits, { failures, statusCode, retryAfter, at: startedAt })
  if (waitMs === undefined) return { status: 'failed' as const, failures, nextAttemptAt: null }
  return { failures, nextAttemptAt: fromNow(waitMs) }
}

const insertAttempt = (
  tx: Transaction<Schema>,
  { id: deliveryId }: WebhookDeliveryRow,
  { startedAt, durationMs, ...outcome }: Attempt,
) =>
  tx
    .insertInto('webhookAttempts')
    .values({
      deliveryId,
      startedAt,
      durationMs,
      statusCode: outcome.statusCode ?? null,
      error: outcome.error ?? null,
      answer: outcome.answer ?? null,
    })
    .execute()

const judgeEndpoint = async (
  tx: Transaction<Schema>,
  endpointId: string,
  { error, statusCode }: Attempt,
): Promise<void> => {
  if (error === undefined) await markReached(tx, endpointId)
  else if (statusCode === GONE) await disableEndpoint(tx, endpointId, 'gone')
  else if (await markFailing(tx, endpointId)) await disableEndpoint(tx, endpointId, 'failing')
}

/** Before its deliveries, as disabling does it, or the two would wait for each other. */
const lockEndpoint = (tx: Transaction<Schema>, id: string) =>
  tx.selectFrom('webhookEndpoints').select('id').where('id', '=', id).forNoKeyUpdate().execute()

/** Gives a delivery back unattempted, for another worker to have at once. */
export const releaseDelivery = async (
  db: Database,
  delivery: WebhookDeliveryRow,
): Promise<void> => {
  await claimed(db, delivery).set({ leaseExpiresAt: null }).execute()
}

/** Tells an endpoint nothing more: what was to be delivered to it has failed. Null: its owner wants it so. */
export const disableEndpoint = async (
  db: Database,
  endpointId: string,
  reason: WebhookDisabledReason | null,
): Promise<void> => {
  await db
    .updateTable('webhookEndpoints')
    .set({ isEnabled: false, disabledReason: reason })
    .where('id', '=', endpointId)
    .execute()
  await db
    .updateTable('webhookDeliveries')
    .set({ status: 'failed', nextAttemptAt: null, leaseExpiresAt: null })
    .where('endpointId', '=', endpointId)
    .where('nextAttemptAt', 'is not', null)
    .execute()
}

const claimed = (db: Database, { id, claims }: WebhookDeliveryRow) =>
  db
    .updateTable('webhookDeliveries')
    .where('id', '=', id)
    .where('claims', '=', claims)
    .where('nextAttemptAt', 'is not', null)

const markReached = (db: Database, endpointId: string) =>
  db
    .updateTable('webhookEndpoints')
    .set({ failingSince: null })
    .where('id', '=', endpointId)
    .where('failingSince', 'is not', null)
    .execute()

/** True when it has failed for too long. */
const markFailing = async (db: Database, endpointId: string): Promise<boolean> => {
  const { isTooLong } = await db
    .updateTable('webhookEndpoints')
    .set({ failingSince: sql<Date>`coalesce(failing_since, now())` })
    .where('id', '=', endpointId)
    .returning(
      sql<boolean>`failing_since < now() - ${FAILING_DAYS}::int * interval '1 day'`.as('isTooLong'),
    )
    .executeTakeFirstOrThrow()
  return isTooLong
}

const fromNow = (delayMs: number) => sql<Date>`now() + ${delayMs} * interval '1 millisecond'`
