import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'

const KEPT_DAYS = 90
const BATCH_ROWS = 1_000

/** Deletes what happened to alerts long ago; returns how many rows. Safe from many workers at once. */
export const deleteOldAlertEvents = async (
  db: Database,
  signal?: AbortSignal,
): Promise<{ deleted: number }> => {
  let deleted = 0
  for (;;) {
    signal?.throwIfAborted()
    const { numAffectedRows } = await sql`
      delete from alert_events where id in (
        select id from alert_events
        where at < now() - ${KEPT_DAYS}::int * interval '1 day'
        order by at limit ${BATCH_ROWS}
        for update skip locked)`.execute(db)
    const batch = Number(numAffectedRows ?? 0)
    deleted += batch
    if (batch < BATCH_ROWS) return { deleted }
  }
}
