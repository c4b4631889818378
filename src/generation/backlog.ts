import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { type Lane, laneSchema } from '../contract/vocabulary.ts'

/** What of a lane is not over. */
export type BacklogEntry = {
  lane: Lane
  queued: number
  running: number
  /** For how long the oldest that is due has been so; 0 when none is. */
  oldestAgeSeconds: number
}

/** Beyond this "very many" is all that matters: counting must not become work of its own. */
const MAX_COUNTED = 100_000

/** Each lane's generations in flight, by the partial indexes. */
export const readBacklog = async (db: Database): Promise<BacklogEntry[]> => {
  const { rows } = await sql<BacklogEntry>`
    select lanes.name as lane, queued.count as queued, running.count as running,
      coalesce(extract(epoch from now() - queued.oldest), 0)::float8 as oldest_age_seconds
    from unnest(${laneSchema.options}::text[]) as lanes(name)
    cross join lateral (
      select count(*)::int, min(due_at) filter (where due_at <= now()) as oldest
      from (
        select greatest(queued_at, run_after) as due_at from generations
        where status = 'queued' and lane = lanes.name limit ${MAX_COUNTED}
      ) as each) as queued
    cross join lateral (
      select count(*)::int
      from (
        select 1 from generations where status = 'running' and lane = lanes.name limit ${MAX_COUNTED}
      ) as each) as running`.execute(db)
  return rows
}
