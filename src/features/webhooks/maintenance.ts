import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteInBatches } from '../../../db/delete-in-batches.ts'

/** Ten times as long as the last attempt takes to come. */
const KEPT_DAYS = 30

/** Deletes old deliveries of webhooks with their attempts. */
export const deleteOldDeliveries = (db: Database, signal?: AbortSignal) =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from webhook_deliveries where id in (
        select id from webhook_deliveries
        where created_at < now() - ${KEPT_DAYS}::int * interval '1 day'
        order by created_at limit ${limit}
        for update skip locked)`,
    signal,
  )
