import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Measurement } from './next-state.ts'

/** A process that died without a word is remembered for as long. */
const REMEMBERED_MS = 60 * 60_000

/** Writes down for the others how fast this process's statements were answered lately. */
export const recordQueryTimes = async (
  db: Database,
  processId: string,
  { count, p95Ms }: { count: number; p95Ms: number | null },
): Promise<void> => {
  await db
    .with('forgotten', (query) =>
      query
        .deleteFrom('queryTimes')
        .where('processId', '!=', processId)
        .where('seenAt', '<', ago(REMEMBERED_MS)),
    )
    .insertInto('queryTimes')
    .values({ processId, count, p95Ms })
    .onConflict((conflict) =>
      conflict.column('processId').doUpdateSet({ count, p95Ms, seenAt: sql<Date>`now()` }),
    )
    .execute()
}

/** For a process that stops. */
export const forgetQueryTimes = async (db: Database, processId: string): Promise<void> => {
  await db.deleteFrom('queryTimes').where('processId', '=', processId).execute()
}

/**
 * The slowest of the processes that wrote within the time, among those with enough statements; where none has
 * enough, the busiest.
 */
export const measureQueryTimes = async (
  db: Database,
  { minSample, heardWithinMs }: { minSample: number; heardWithinMs: number },
): Promise<Measurement> => {
  const hasEnough = sql<boolean>`count >= ${minSample}::int`
  const row = await db
    .selectFrom('queryTimes')
    .select(['count', 'p95Ms'])
    .where('seenAt', '>', ago(heardWithinMs))
    .orderBy(hasEnough, 'desc')
    .orderBy(sql`case when ${hasEnough} then p95_ms else count end`, 'desc')
    .limit(1)
    .executeTakeFirst()
  const p95Ms = row?.p95Ms ?? null
  return { value: p95Ms && Math.round(p95Ms * 10) / 10, sample: row?.count ?? 0 }
}

const ago = (durationMs: number) =>
  sql<Date>`now() - ${durationMs}::float8 * interval '1 millisecond'`
