import type { Database } from '../../../../db/database.ts'
import { deleteOlderThan } from '../../../../db/delete-in-batches.ts'

/** Longer than the month that sums of spending are of. */
const CALLS_KEPT_DAYS = 62

/** A verdict that is older is asked for anew: models change under their names. */
const VERDICTS_KEPT_DAYS = 180

/** Deletes calls and verdicts of long ago. Safe to repeat. */
export const deleteOldJudgements = async (db: Database, signal?: AbortSignal) => {
  const calls = await deleteOlderThan(
    db,
    { table: 'judgeCalls', column: 'startedAt', days: CALLS_KEPT_DAYS },
    signal,
  )
  const verdicts = await deleteOlderThan(
    db,
    { table: 'judgeVerdicts', column: 'createdAt', days: VERDICTS_KEPT_DAYS },
    signal,
  )
  return { calls, verdicts }
}
