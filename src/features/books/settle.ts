import { sql } from 'kysely'
import type { CallTable } from '../../../db/books-tables.ts'
import type { Database } from '../../../db/database.ts'
import type { Verdict } from './calls.ts'

type Settled = { reconciliationId: string; by: string }

const BATCH = 500

/**
 * Books calls of unknown cost at what a bill says of them, each once and with a line of who did it; sums, budgets and figures follow.
 * A call whose cost became known meanwhile stays as it is. Safe to repeat: what was cut off goes on. Returns how many were settled.
 */
export const settleCalls = async (
  db: Database,
  verdicts: readonly Verdict[],
  settled: Settled,
): Promise<number> => {
  let count = 0
  for (const batch of cut(verdicts)) {
    count += await settleBatch(db, batch[0]?.table ?? 'attempts', batch, settled)
  }
  return count
}

/**
 * Calls of one table and one UTC day. Each batch is a statement by itself: its triggers lock sums after all other rows, and those of
 * one day in the order that all keep to (ADR 50).
 */
const cut = (verdicts: readonly Verdict[]): Verdict[][] => {
  const byDay = new Map<string, Verdict[]>()
  for (const verdict of verdicts) {
    const key = `${verdict.table} ${new Date(verdict.startedAt).toISOString().slice(0, 10)}`
    const own = byDay.get(key)
    if (own) own.push(verdict)
    else byDay.set(key, [verdict])
  }
  return [...byDay.values()].flatMap((own) =>
    Array.from({ length: Math.ceil(own.length / BATCH) }, (_, i) =>
      own.slice(i * BATCH, (i + 1) * BATCH),
    ),
  )
}

/**
 * The figures take a call up again that they had counted: `held_nano_usd` is by then what they have of it, as it is of one that has just
 * ended (ADR 81). One whose worker died has ended now.
 */
const settleBatch = async (
  db: Database,
  table: CallTable,
  verdicts: readonly Verdict[],
  { reconciliationId, by }: Settled,
): Promise<number> => {
  const values = verdicts.map(({ id, toNanoUsd, basis, responseId }) => ({
    id,
    to: toNanoUsd,
    basis,
    response: responseId ?? null,
  }))
  const isAttempt = table === 'attempts'
  const { rows } = await sql<{ count: number }>`
    with told as (
      select * from jsonb_to_recordset(${JSON.stringify(values)}::jsonb)
        as one (id bigint, "to" bigint, basis text, response text)
    ), due as materialized (
      select call.id, call.cost_nano_usd as was, told."to", told.basis, told.response
      from ${sql.table(table)} as call join told on told.id = call.id
      where ${isOpenEstimate(table)}
      order by call.id for update of call
    ), changed as (
      update ${sql.table(table)} as call
      set cost_nano_usd = due."to", finished_at = coalesce(call.finished_at, call.started_at)
        ${figuresOf(table)} ${outcomeOf(table)}
      from due where call.id = due.id
      returning call.id ${isAttempt ? sql`, call.generation_id` : sql``}
    ), booked as (
      insert into settlements (reconciliation_id, call_table, call_id, from_nano_usd, to_nano_usd, basis, settled_by)
      select ${reconciliationId}::bigint, ${table}, due.id, due.was, due."to", due.basis, ${by}
      from due join changed on changed.id = due.id
      on conflict (call_table, call_id) do nothing
    ) ${
      isAttempt
        ? sql`, generations_of as (
      update generations set cost_nano_usd = cost_nano_usd + owed
      from (
        select generation_id, sum(due."to" - due.was) as owed
        from due join changed on changed.id = due.id group by generation_id) as owing
      where generations.id = owing.generation_id
    )`
        : sql``
    }
    select count(*)::int as count from changed`.execute(db)
  return rows[0]?.count ?? 0
}

/** A call that is out says by itself what it cost: none of ours is out for longer than a batch may take. */
const isOpenEstimate = (table: CallTable) => {
  const isOver = sql`(finished_at is not null or started_at < now() - interval '3 days')`
  return sql`${isEstimate(table)} and ${isOver}
    and not exists (select from settlements where call_table = ${table} and call_id = call.id)`
}

const isEstimate = (table: CallTable) => {
  if (table === 'judge_calls') return sql`(finished_at is null or usage is null)`
  return table === 'embedding_calls'
    ? sql`(is_estimate or finished_at is null)`
    : sql`is_estimate and may_have_charged`
}

/** Calls of the judge are in spending alone. */
const figuresOf = (table: CallTable) =>
  table === 'judge_calls'
    ? sql``
    : sql`, is_estimate = false,
        held_nano_usd = case when call.is_counted then due.was else call.held_nano_usd end,
        is_counted = case when call.is_counted then false else call.is_counted end`

const outcomeOf = (table: CallTable) => {
  if (table === 'embedding_calls') return sql``
  const answered = sql`, response_id = coalesce(call.response_id, due.response)`
  if (table === 'judge_calls') return answered
  const charged = sql`${answered}, may_have_charged = due."to" > 0`
  return table === 'attempts'
    ? sql`${charged}, outcome = coalesce(call.outcome, 'ambiguous'), cost_basis = 'billed'`
    : charged
}
