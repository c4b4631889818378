import type { Database } from '../../../db/database.ts'
import { deleteOlderThan } from '../../../db/delete-in-batches.ts'

/** Longer than the month that their sum is of. */
const KEPT_DAYS = 62

/** Deletes calls for embeddings of long ago, and the sums of days that nobody asks about. What calls cost stays in the analytics. */
export const deleteOldSpending = async (db: Database, signal?: AbortSignal) => {
  const days = KEPT_DAYS
  const calls = await deleteOlderThan(
    db,
    { table: 'embeddingCalls', column: 'startedAt', days },
    signal,
  )
  const sums = await deleteOlderThan(db, { table: 'spending', column: 'starts', days }, signal)
  return { calls, sums }
}
