import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema } from '../../../db/schema.ts'
import { callFacts, embeddingCalls, eventFacts, isGatewayCallToCount, isToCount } from './facts.ts'
import { eventSavings, isMeasured, tierOf, tierSavings } from './savings-facts.ts'

/** Rollup and tail as of one moment, so that what moves from one to the other is counted once. */
export type Reading = {
  tx: Transaction<Schema>
  /** Everything up to here is counted: now, unless the tail is longer than what is read of it. */
  asOf: string
  /** The same of what was saved, which is folded by itself. */
  savingsAsOf: string
  /** SQL for the facts of the events and calls that the rollup lacks. */
  tail: { events: RawBuilder<unknown>; calls: RawBuilder<unknown>; savings: RawBuilder<unknown> }
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
    select * from gateway_calls where ${isGatewayCallToCount} order by id limit ${sql.lit(TAIL_CALLS)}) as call
  union all
  select call.owner_id, ${ofCall}, null, null from ${embeddingCalls(sql`(
    select * from embedding_calls where ${isGatewayCallToCount} order by id limit ${sql.lit(TAIL_CALLS)})`)} as call)`)

/** SQL for what those of them saved that ran at another tier. */
const tailTiers = tierSavings(sql`(
  select call.*, generations.owner_id, ${tierOf(sql`call`)} as call_tier, ${isMeasured(sql`call`)} as is_measured from (
    select * from attempts where ${isToCount} order by id limit ${sql.lit(TAIL_CALLS)}) as call
  join generations on generations.id = call.generation_id)`)

/** Runs `read` in one snapshot. */
export const readAtOnce = <T>(db: Database, read: (reading: Reading) => Promise<T>): Promise<T> =>
  db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (tx) => read(await openReading(tx)))

type Progress = { eventId: string; savedId: string; savingsEnd: Date | null; asOf: Date }
const NO_PROGRESS: Progress = { eventId: '0', savedId: '0', savingsEnd: null, asOf: new Date(0) }

/** SQL for when the first event happened that is behind a tail; null where the tail has all there is. */
const tailEnd = (progress: RawBuilder<unknown>) => sql`(
  select min(created_at) from (
    select created_at from generation_events where id > ${progress}.event_id + ${sql.lit(TAIL_EVENTS)}
    order by id limit 1) as event)`

const openReading = async (tx: Transaction<Schema>): Promise<Reading> => {
  const { rows } = await sql<Progress>`
    select analytics_progress.event_id, savings_progress.event_id as saved_id,
      ${tailEnd(sql`savings_progress`)} as savings_end, least(
      now(),
      ${tailEnd(sql`analytics_progress`)},
      (select min(started_at) from (
        select started_at from attempts where ${isToCount} order by id offset ${sql.lit(TAIL_CALLS)} limit 1) as call),
      (select min(started_at) from (
        select started_at from gateway_calls where ${isGatewayCallToCount} order by id offset ${sql.lit(TAIL_CALLS)} limit 1) as call),
      (select min(started_at) from (
        select started_at from embedding_calls where ${isGatewayCallToCount} order by id offset ${sql.lit(TAIL_CALLS)} limit 1) as call)
    ) as as_of
    from analytics_progress, savings_progress`.execute(tx)
  const [{ eventId, savedId, savingsEnd, asOf } = NO_PROGRESS] = rows
  const eventsAfter = (id: number) => sql`(
    select * from generation_events where id > ${id} and id <= ${id + TAIL_EVENTS})`
  const savingsAsOf = savingsEnd && savingsEnd < asOf ? savingsEnd : asOf
  return {
    tx,
    asOf: asOf.toISOString(),
    savingsAsOf: savingsAsOf.toISOString(),
    tail: {
      events: eventFacts(eventsAfter(Number(eventId))),
      calls: tailCalls,
      savings: sql`(${eventSavings(eventsAfter(Number(savedId)))}) union all (${tailTiers})`,
    },
  }
}
