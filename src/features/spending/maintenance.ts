import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteInBatches } from '../../../db/delete-in-batches.ts'

/** Longer than the month that their sum is of. */
const KEPT_DAYS = 62

/** Deletes calls for embeddings of long ago, and the sums of days that nobody asks about. What calls cost stays in the analytics. */
export const deleteOldSpending = async (db: Database, signal?: AbortSignal) => {
  const calls = await deleteInBatches(
    db,
    (limit) => sql`
      delete from embedding_calls where id in (
        select id from embedding_calls
        where started_at < now() - ${KEPT_DAYS}::int * interval '1 day'
        order by started_at limit ${limit}
        for update skip locked)`,
    signal,
  )
  const sums = await deleteInBatches(
    db,
    (limit) => sql`
      delete from spending where (scope, period, starts) in (
        select scope, period, starts from spending
        where starts < now() - ${KEPT_DAYS}::int * interval '1 day'
        order by starts limit ${limit}
        for update skip locked)`,
    signal,
  )
  return { calls, sums }
}
