import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'

const BATCH_ROWS = 1_000
/** Ten times as long as the last attempt takes to come. */
const KEPT_DAYS = 30

/** Deletes old deliveries of webhooks with their attempts; returns how many. Safe from many workers at once. */
export const deleteOldDeliveries = async (
  db: Database,
  signal?: AbortSignal,
): Promise<{ deleted: number }> => {
  let deleted = 0
  for (;;) {
    signal?.throwIfAborted()
    const batch = await deleteBatch(db)
    deleted += batch
    if (batch < BATCH_ROWS) return { deleted }
  }
}

const deleteBatch = async (db: Database): Promise<number> => {
  const { numAffectedRows } = await sql`
    delete from webhook_deliveries where id in (
      select id from webhook_deliveries
      where created_at < now() - ${KEPT_DAYS}::int * interval '1 day'
      order by created_at limit ${BATCH_ROWS}
      for update skip locked)`.execute(db)
  return Number(numAffectedRows ?? 0)
}
