import { sql, type Transaction } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { Schema } from '../../db/schema.ts'
import { callFacts, eventFacts, isToCount } from './facts.ts'

/*
 * What has happened since the last fold, read live: a moment's worth while workers run. More than this is left to them,
 * as after a migration of a table that held events before.
 */
const TAIL_EVENTS = 5_000
const TAIL_CALLS = 1_000

const foldedId = sql`(select event_id from analytics_progress)`

/** SQL for the facts of events and calls that the rollup lacks. */
export const tailEvents = eventFacts(
  sql`(select * from generation_events where id > ${foldedId} and id <= ${foldedId} + ${sql.lit(TAIL_EVENTS)})`,
)
export const tailCalls = callFacts(
  sql`(select * from attempts where ${isToCount} order by id limit ${sql.lit(TAIL_CALLS)})`,
)

export type Reading = Transaction<Schema>

/** Reads rollup and tail as of one moment, so that nothing that moves between them is counted twice or not at all. */
export const readAtOnce = <T>(db: Database, read: (tx: Reading) => Promise<T>): Promise<T> =>
  db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read)

/** Up to when everything is counted: now, unless the tail is longer than what is read of it. */
export const readAsOf = async (tx: Reading): Promise<string> => {
  const { rows } = await sql<{ asOf: Date }>`
    select least(
      now(),
      (select min(created_at) from (
        select created_at from generation_events
        where id > ${foldedId} + ${sql.lit(TAIL_EVENTS)} order by id limit 1) as event),
      (select min(started_at) from (
        select started_at from attempts
        where ${isToCount} order by id offset ${sql.lit(TAIL_CALLS)} limit 1) as call)
    ) as as_of`.execute(tx)
  return (rows[0]?.asOf ?? new Date()).toISOString()
}
