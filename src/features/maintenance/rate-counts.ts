import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteInBatches } from '../../../db/delete-in-batches.ts'

/** Deletes counts of minutes that are over: who comes only once would leave one for ever. */
export const deletePastCounts = (db: Database, signal?: AbortSignal) =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from rate_counts where key in (
        select key from rate_counts where ends_at < now() - interval '1 minute'
        limit ${limit} for update skip locked)`,
    signal,
  )
