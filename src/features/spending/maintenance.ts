import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteOlderThan } from '../../../db/delete-in-batches.ts'

/** Longer than the month that their sum is of. */
const KEPT_DAYS = 62

/** Deletes calls for embeddings of long ago, the sums of days that nobody asks about, and what erased owners spent in periods
 * that are over. What calls cost stays in the analytics. */
export const deleteOldSpending = async (db: Database, signal?: AbortSignal) => {
  const days = KEPT_DAYS
  const calls = await deleteOlderThan(
    db,
    { table: 'embeddingCalls', column: 'startedAt', days },
    signal,
  )
  const sums = await deleteOlderThan(db, { table: 'spending', column: 'starts', days }, signal)
  const erased = await deleteEnded(db)
  return { calls, sums, erased }
}

/** What erased owners have spent counts for the day and month that it was spent in. */
const deleteEnded = async (db: Database): Promise<number> => {
  const { numDeletedRows: spent } = await db
    .deleteFrom('erasedSpending')
    .where(sql<boolean>`starts < date_trunc(period, now() at time zone 'UTC')::date`)
    .executeTakeFirstOrThrow()
  const { numDeletedRows: limits } = await db
    .deleteFrom('erasedBudgets')
    .where(sql<boolean>`ends <= (now() at time zone 'UTC')::date`)
    .executeTakeFirstOrThrow()
  return Number(spent) + Number(limits)
}
