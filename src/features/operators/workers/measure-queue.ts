import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import type { LaneStatus } from '../../../contract/server-status.ts'
import { laneSchema } from '../../../contract/vocabulary.ts'

type Row = Omit<LaneStatus, 'oldestQueuedAt'> & { oldestQueuedAt: Date | null }

/**
 * How much waits and runs in each lane, from the rows and not from the queue: `queued` may run now, `delayed` waits for its
 * next try. The oldest is the one that could have run for the longest, by Postgres's clock. Reads the rows in flight only.
 */
export const measureQueue = async (db: Database): Promise<LaneStatus[]> => {
  const { rows } = await sql<Row>`
    select lane,
      count(*) filter (where is_due)::int as queued,
      count(*) filter (where status = 'running')::int as running,
      count(*) filter (where status = 'queued' and not is_due)::int as delayed,
      min(due_at) filter (where is_due) as oldest_queued_at,
      coalesce(round(extract(epoch from now() - min(due_at) filter (where is_due)) * 1000), 0)::float8
        as oldest_queued_ms
    from (
      select lane, status, greatest(queued_at, run_after) as due_at,
        status = 'queued' and coalesce(run_after <= now(), true) as is_due
      from generations where status in ('queued', 'running')
    ) as in_flight
    group by lane`.execute(db)
  return laneSchema.options.map((lane) => {
    const row = rows.find((each) => each.lane === lane)
    if (!row) return { ...nothing, lane }
    return { ...row, oldestQueuedAt: row.oldestQueuedAt?.toISOString() ?? null }
  })
}

const nothing = { queued: 0, running: 0, delayed: 0, oldestQueuedAt: null, oldestQueuedMs: 0 }
