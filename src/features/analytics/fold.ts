import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema } from '../../../db/schema.ts'
import {
  callFacts,
  EVERYONE,
  eventFacts,
  FIGURES,
  isGatewayCallToCount,
  isToCount,
} from './facts.ts'
import { createHorizon } from './horizon.ts'

const BATCH_EVENTS = 20_000
const BATCH_CALLS = 5_000

/**
 * Brings the rollup up to date, batch by batch. Each batch is one transaction that adds the figures and moves the
 * progress, so a crash loses or repeats nothing. Safe from many workers at once: one folds, the others leave it to it.
 */
export const createFold = (db: Database): ((signal?: AbortSignal) => Promise<void>) => {
  const findHorizon = createHorizon(db)
  return async (signal) => {
    const horizon = (await findHorizon()) ?? 0
    while (!signal?.aborted && (await foldBatch(db, horizon))) {}
  }
}

/** False when nothing is left to do, or another does it. */
const foldBatch = (db: Database, horizon: number): Promise<boolean> =>
  db.transaction().execute(async (tx) => {
    const progress = await tx
      .selectFrom('analyticsProgress')
      .select('eventId')
      .forUpdate()
      .skipLocked()
      .executeTakeFirst()
    if (!progress) return false
    const foldedId = Number(progress.eventId)
    const upToId = Math.min(horizon, foldedId + BATCH_EVENTS)
    if (upToId > foldedId) await foldEvents(tx, foldedId, upToId)
    const counts = [await foldCalls(tx, ATTEMPTS), await foldCalls(tx, GATEWAY_CALLS)]
    if (upToId <= foldedId && counts.every((count) => count === 0)) return false
    await tx
      .updateTable('analyticsProgress')
      .set({ eventId: Math.max(foldedId, upToId) })
      .execute()
    return upToId < horizon || counts.includes(BATCH_CALLS)
  })

const foldEvents = async (tx: Transaction<Schema>, afterId: number, upToId: number) => {
  const source = sql`(select * from generation_events where id > ${afterId} and id <= ${upToId})`
  await sql`
    with facts as materialized (${eventFacts(source)}),
    ${addFigures}
    insert into daily_durations (owner_id, day, bucket, count)
    select coalesce(owner_id, ${sql.lit(EVERYONE)}), day, bucket, count(*) from facts
    where bucket is not null
    group by grouping sets ((owner_id, day, bucket), (day, bucket))
    on conflict (owner_id, day, bucket) do update set count = daily_durations.count + excluded.count`.execute(
    tx,
  )
}

/** A table of calls: which of them are due, which have ended, and the due ones with their owner. */
const ATTEMPTS = {
  table: sql.table('attempts'),
  isDue: isToCount,
  isEnded: sql`attempts.outcome is not null`,
  withOwner: sql`(
    select due.*, generations.owner_id from due join generations on generations.id = due.generation_id)`,
}
const GATEWAY_CALLS: typeof ATTEMPTS = {
  table: sql.table('gateway_calls'),
  isDue: isGatewayCallToCount,
  isEnded: sql`gateway_calls.finished_at is not null`,
  withOwner: sql`(select due.*, null::text as tier, null::text as served_tier from due)`,
}

/** Returns how many calls it took up. */
const foldCalls = async (
  tx: Transaction<Schema>,
  { table, isDue, isEnded, withOwner }: typeof ATTEMPTS,
): Promise<number> => {
  const { rows } = await sql<{ calls: number }>`
    with due as (
      select * from ${table} where ${isDue} order by id limit ${BATCH_CALLS} for update skip locked
    ), counted as (
      update ${table} set is_counted = (${isEnded}) from due where ${table}.id = due.id
    ), facts as materialized (${callFacts(withOwner)}),
    ${addFigures},
    models as (
      insert into daily_models (owner_id, day, model, calls, paid_calls, spend_nano_usd)
      select coalesce(owner_id, ${sql.lit(EVERYONE)}), day, model, sum(calls), sum(paid_calls), sum(spend_nano_usd)
      from facts group by grouping sets ((owner_id, day, model), (day, model))
      on conflict (owner_id, day, model) do update set
        calls = daily_models.calls + excluded.calls,
        paid_calls = daily_models.paid_calls + excluded.paid_calls,
        spend_nano_usd = daily_models.spend_nano_usd + excluded.spend_nano_usd
    )
    select count(*)::int as calls from due`.execute(tx)
  return rows[0]?.calls ?? 0
}

const columns = FIGURES.map((figure) => sql.ref(figure))
const sums = sql.join(columns.map((column) => sql`sum(${column})`))

const addTo = (table: RawBuilder<unknown>) =>
  sql.join(columns.map((column) => sql`${column} = ${table}.${column} + excluded.${column}`))

/** SQL that adds `facts` to the days and months of their owners, and to the days of everyone. */
const addFigures = sql`
  days as (
    insert into daily_figures (day, owner_id, ${sql.join(columns)})
    select day, coalesce(owner_id, ${sql.lit(EVERYONE)}), ${sums}
    from facts group by grouping sets ((day, owner_id), (day))
    on conflict (day, owner_id) do update set ${addTo(sql`daily_figures`)}
  ), months as (
    insert into monthly_figures (month, owner_id, ${sql.join(columns)})
    select date_trunc('month', day::timestamp)::date, owner_id, ${sums} from facts group by 1, owner_id
    on conflict (month, owner_id) do update set ${addTo(sql`monthly_figures`)}
  )`
