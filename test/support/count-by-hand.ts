import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'

type Scope = { from: string; to: string; ownerId?: string }

/**
 * What the analytics should say of some days, counted one figure at a time from the events and attempts themselves.
 * Shares nothing with what it checks. Percentiles are exact here.
 */
export const countByHand = async (db: Database, { from, to, ownerId }: Scope) => {
  const owned = ownerId === undefined ? sql`true` : sql`owner_id = ${ownerId}`
  const start = sql`${`${from}T00:00:00Z`}::timestamptz`
  const end = sql`(${`${to}T00:00:00Z`}::timestamptz + interval '24 hours')`
  const at = sql`(select * from generation_events where created_at >= ${start} and created_at < ${end} and ${owned})`
  const server = sql`(select * from ${at} as e where e.client_event_id is null)`
  // Reused after it had been queued: it belongs to the moment of its asking.
  const late = sql`(
    select * from (
      select *, created_at - ((data->>'durationMs') || ' ms')::interval as asked_at from generation_events
      where client_event_id is null and type = 'generation_completed' and data ? 'source' and ${owned}) as ended
    where asked_at >= ${start} and asked_at < ${end})`
  const reuses = sql`(
    select data from ${server} as e where type = 'generation_skipped' union all select data from ${late} as l)`
  const made = sql`(
    select (data->>'durationMs')::float8 as ms from ${server} as e
    where type = 'generation_completed' and not data ? 'source')`
  const calls = sql`(
    select a.* from attempts a join generations g on g.id = a.generation_id
    where a.started_at >= ${start} and a.started_at < ${end} and ${owned})`
  const isHalf = sql`(served_tier in ('flex', 'batch') or served_tier is null and tier in ('flex', 'batch'))`
  const { rows } = await sql<Record<string, string | null>>`select
    (select count(*) from ${server} as e where type = 'generation_started') as "enteredQueue",
    (select count(*) from ${late} as l) as "lateReuses",
    (select count(*) from ${reuses} as r where data->>'source' = 'exact') as exact,
    (select count(*) from ${reuses} as r where data->>'source' = 'joined') as joined,
    (select count(*) from ${reuses} as r where data->>'source' = 'similar') as similar,
    (select count(*) from ${at} as e where client_event_id is not null and type = 'generation_skipped'
      and data->>'source' = 'client') as "clientSkipped",
    (select count(*) from ${made} as m) as completed,
    (select count(*) from ${server} as e where type = 'generation_failed') as failed,
    (select count(*) from ${server} as e where type = 'generation.canceled'
      and data->>'errorCode' <> 'image_deleted') as canceled,
    (select count(*) from ${calls} as c) as calls,
    (select count(*) from ${calls} as c where may_have_charged) as "paidCalls",
    (select count(*) from ${calls} as c where may_have_charged and ${isHalf}) as "halfPriceCalls",
    (select sum(cost_usd::numeric) from ${calls} as c where ${isHalf}) as "halfPriceUsd",
    (select sum(cost_usd::numeric) from ${calls} as c) as "spendUsd",
    (select sum(cost_usd::numeric) from ${calls} as c where is_estimate) as "estimatedUsd",
    (select sum((data->>'savedUsd')::numeric) from ${reuses} as r) as "savedUsd",
    (select percentile_disc(0.5) within group (order by ms) from ${made} as m) as p50,
    (select percentile_disc(0.95) within group (order by ms) from ${made} as m) as p95,
    (select avg(ms) from ${made} as m) as mean`.execute(db)
  const get = (name: string) => Number(rows[0]?.[name] ?? 0)
  const [exact, joined, similar] = [get('exact'), get('joined'), get('similar')]
  const started = get('enteredQueue') - get('lateReuses')
  const total = started + exact + joined + similar
  const [completed, failed] = [get('completed'), get('failed')]
  const share = (part: number, whole: number) => (whole ? (100 * part) / whole : null)
  return {
    total,
    started,
    skipped: { total: total - started, exact, joined, similar },
    clientSkipped: get('clientSkipped'),
    reuseRate: share(total - started, total),
    completed,
    failed,
    canceled: get('canceled'),
    successRate: share(completed, completed + failed),
    calls: get('calls'),
    paidCalls: get('paidCalls'),
    halfPriceCalls: get('halfPriceCalls'),
    halfPriceUsd: get('halfPriceUsd'),
    spendUsd: get('spendUsd'),
    estimatedUsd: get('estimatedUsd'),
    savedUsd: get('savedUsd'),
    durationMs: completed ? { p50: get('p50'), p95: get('p95'), mean: get('mean') } : null,
  }
}

export type CountedByHand = Awaited<ReturnType<typeof countByHand>>
