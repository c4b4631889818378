import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Figures } from '../../contract/analytics.ts'
import type { ErrorCode } from '../../lib/errors.ts'
import { durationOfBucket, eventFacts } from './facts.ts'
import { describeSums, type Sums, sumColumns } from './figures.ts'

const OF_CALLERS_KEYS: readonly ErrorCode[] = [
  'upstream_key_refused',
  'upstream_key_limited',
  'upstream_key_required',
]

/** What all owners did just now. */
export type WindowFigures = Pick<
  Figures,
  'total' | 'reuseRate' | 'completed' | 'failed' | 'successRate'
> & {
  /** What 95 % of the new images took at most that were made at the standard price, within 2.5 %; null without any. */
  p95Ms: number | null
}

/**
 * The figures of the last so many milliseconds, from the events themselves and counted as the rollup counts them, but for what failed by
 * a key that its caller brought: nobody else can mend that.
 */
export const readWindow = async (db: Database, windowMs: number): Promise<WindowFigures> => {
  const recent = sql`(
    select * from generation_events
    where created_at > now() - ${windowMs}::float8 * interval '1 millisecond'
      and coalesce(data->>'errorCode', '') <> all(${OF_CALLERS_KEYS}::text[]))`
  const { rows } = await sql<Sums & { p95Bucket: number | null }>`
    select ${sumColumns}, percentile_disc(0.95) within group (order by bucket) filter (where not is_half_price) as p95_bucket
    from (${eventFacts(recent)}) as facts`.execute(db)
  const bucket = rows[0]?.p95Bucket ?? null
  return { ...describeSums(rows[0]), p95Ms: bucket === null ? null : durationOfBucket(bucket) }
}
