import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteInBatches } from '../../../db/delete-in-batches.ts'

const KEPT_DAYS = 90

/** Deletes what happened to alerts long ago. */
export const deleteOldAlertEvents = (db: Database, signal?: AbortSignal) =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from alert_events where id in (
        select id from alert_events
        where at < now() - ${KEPT_DAYS}::int * interval '1 day'
        order by at limit ${limit}
        for update skip locked)`,
    signal,
  )
