import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema } from '../../../db/schema.ts'
import { callFacts, eventFacts, isGatewayCallToCount, isToCount } from './facts.ts'

/** Rollup and tail as of one moment, so that what moves from one to the other is counted once. */
export type Reading = {
  tx: Transaction<Schema>
  /** Everything up to here is counted: now, unless the tail is longer than what is read of it. */
  asOf: string
  /** SQL for the facts of the events and calls that the rollup lacks. */
  tail: { events: RawBuilder<unknown>; calls: RawBuilder<unknown> }
}

/*
 * What has happened since the last fold is a moment's worth while workers run. More than this is left to them, as after a
 * migration of a table that held events before.
 */
const TAIL_EVENTS = 5_000
const TAIL_CALLS = 1_000

const ofCall = sql`call.started_at, call.model, call.may_have_charged, call.cost_nano_usd, call.held_nano_usd, call.is_estimate, call.is_counted`

/** SQL for the facts of the calls that the rollup lacks. */
export const tailCalls = callFacts(sql`(
  select generations.owner_id, ${ofCall}, call.tier, call.served_tier from (
    select * from attempts where ${isToCount} order by id limit ${sql.lit(TAIL_CALLS)}) as call
  join generations on generations.id = call.generation_id
  union all
  select call.owner_id, ${ofCall}, null, null from (
    select * from gateway_calls where ${isGatewayCallToCount} order by id limit ${sql.lit(TAIL_CALLS)}) as call)`)

/** Runs `read` in one snapshot. */
export const readAtOnce = <T>(db: Database, read: (reading: Reading) => Promise<T>): Promise<T> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => read(await openReading(tx)))

const openReading = async (tx: Transaction<Schema>): Promise<Reading> => {
  const { rows } = await sql<{ eventId: string; asOf: Date }>`
    select event_id, least(
      now(),
      (select min(created_at) from (
        select created_at from generation_events where id > event_id + ${sql.lit(TAIL_EVENTS)} order by id limit 1) as event),
      (select min(started_at) from (
        select started_at from attempts where ${isToCount} order by id offset ${sql.lit(TAIL_CALLS)} limit 1) as call),
      (select min(started_at) from (
        select started_at from gateway_calls where ${isGatewayCallToCount} order by id offset ${sql.lit(TAIL_CALLS)} limit 1) as call)
    ) as as_of
    from analytics_progress`.execute(tx)
  const [{ eventId, asOf } = { eventId: '0', asOf: new Date() }] = rows
  const foldedId = Number(eventId)
  const events = sql`(
    select * from generation_events where id > ${foldedId} and id <= ${foldedId + TAIL_EVENTS})`
  return {
    tx,
    asOf: asOf.toISOString(),
    tail: { events: eventFacts(events), calls: tailCalls },
  }
}
