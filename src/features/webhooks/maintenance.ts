import type { Database } from '../../../db/database.ts'
import { deleteOlderThan } from '../../../db/delete-in-batches.ts'

/** Ten times as long as the last attempt takes to come. */
const KEPT_DAYS = 30

/** Deletes old deliveries of webhooks with their attempts. */
export const deleteOldDeliveries = (db: Database, signal?: AbortSignal) =>
  deleteOlderThan(db, { table: 'webhookDeliveries', column: 'createdAt', days: KEPT_DAYS }, signal)

/** The same of those of single requests. */
export const deleteOldRequestWebhooks = (db: Database, signal?: AbortSignal) =>
  deleteOlderThan(db, { table: 'requestWebhooks', column: 'createdAt', days: KEPT_DAYS }, signal)
