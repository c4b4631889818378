import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteInBatches } from '../../../db/delete-in-batches.ts'
import { nudge } from '../../../db/nudges.ts'
import type { MaintenanceTask } from '../../adapters/queue/maintenance-queue.ts'
import { DAY_MS, HOUR_MS } from '../../lib/time.ts'

/** What operators look at. What each call cost is in the books for as long as those are kept. */
const KEEP_DAYS = 30

export const createBatchTasks = (db: Database): MaintenanceTask[] => [
  { name: 'batches', everyMs: DAY_MS, run: (signal) => deletePastBatches(db, signal) },
  {
    name: 'batched-generations',
    everyMs: HOUR_MS,
    run: async () => ({ freed: await freeForsaken(db) }),
  },
]

const deletePastBatches = (db: Database, signal?: AbortSignal) =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from batches where id in (
        select id from batches
        where state = 'closed' and created_at < now() - ${KEEP_DAYS}::int * interval '1 day'
        order by created_at limit ${limit} for update skip locked)`,
    signal,
  )

/** Generations that are left to a batch which does not know of them, as after rows were lost: workers take them up again. */
export const freeForsaken = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ id: string }>`
    update generations set lease_expires_at = now()
    where status = 'running' and lease_expires_at is null and not exists (
      select from batch_items where generation_id = generations.id and state = 'sent' and batch_items.fence = generations.fence)
    returning id`.execute(db)
  await nudge(
    db,
    rows.map(({ id }) => id),
  )
  return rows.length
}
