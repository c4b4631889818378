import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ShareCounts } from '../../lib/window-counts.ts'

/**
 * The sums of all processes in Postgres, on its clock (ADR 38), all keys in one statement. In the order of the keys, so that no two
 * processes wait for each other.
 */
export const createPostgresCounts =
  (db: Database): ShareCounts =>
  async (untold, windowMs) => {
    const { rows } = await sql<{ key: string; used: number; leftMs: number }>`
      insert into rate_counts (key, used, ends_at)
      select key, points, now() + ${windowMs} * interval '1 ms'
      from json_to_recordset(${JSON.stringify(untold)}::json) as told(key text, points int)
      order by key
      on conflict (key) do update set
        used = excluded.used + case when rate_counts.ends_at > now() then rate_counts.used else 0 end,
        ends_at = case
          when rate_counts.ends_at > now() then rate_counts.ends_at else excluded.ends_at
        end
      returning key, used, (extract(epoch from ends_at - now()) * 1000)::float8 as left_ms`.execute(
      db,
    )
    const byKey = new Map(rows.map(({ key, ...sum }) => [key, sum]))
    return untold.map(({ key, points }) => byKey.get(key) ?? { used: points, leftMs: windowMs })
  }
