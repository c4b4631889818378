import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteInBatches } from '../../../db/delete-in-batches.ts'
import { HOUR_MS } from '../../lib/time.ts'

/** Deletes what is known of equal calls that no retry of theirs, and no `Idempotency-Key`, can need any more. */
export const createGatewayTasks = (db: Database) => [
  {
    name: 'parallel-calls',
    everyMs: HOUR_MS,
    run: (signal?: AbortSignal) => deletePastCalls(db, signal),
  },
]

export const deletePastCalls = async (db: Database, signal?: AbortSignal) => {
  const calls = await deleteInBatches(
    db,
    (limit) => sql`
      delete from parallel_calls where (key_id, request, tries) in (
        select key_id, request, tries from parallel_calls
        where began_at < now() - interval '1 hour'
        order by began_at limit ${limit} for update skip locked)`,
    signal,
  )
  const wishes = await deleteInBatches(
    db,
    (limit) => sql`
      delete from parallel_wishes where (key_id, wish) in (
        select key_id, wish from parallel_wishes
        where made_at < now() - interval '25 hours'
        order by made_at limit ${limit} for update skip locked)`,
    signal,
  )
  return { calls, wishes }
}
