import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { BilledTo } from '../../contract/vocabulary.ts'
import {
  type BudgetSettings,
  encodeBudgets,
  limitsOf,
  lockedSums,
  type StopColumns,
  scopesOf,
  spendingStopped,
  stopOf,
} from '../../generation/state/spending-limits.ts'
import { insertOwnerIfNew } from '../../generation/submit/idempotency.ts'
import type { NanoUsd } from '../../lib/money.ts'

/** A call that is about to be handed on. */
export type CallToRecord = {
  ownerId: string
  keyId: string | null
  model: string
  method: string
  /** What it may cost, which is set aside for it unless the caller's own key pays. */
  heldNanoUsd: NanoUsd
  billedTo: BilledTo
}

/**
 * Writes a call down, at what it may cost, before it is sent; returns its id. Throws `budget_exceeded` or `spending_paused` where it would
 * pass a limit or paying is stopped. The sums are locked and compared as `recordIntent` does (ADR 50).
 */
export const recordCall = async (
  db: Database,
  { ownerId, keyId, model, method, heldNanoUsd, billedTo }: CallToRecord,
  budgets: BudgetSettings,
): Promise<string> => {
  // Who comes back after an erasure has spent what was spent before it.
  await insertOwnerIfNew(db, ownerId)
  const [owner, key] = [sql`${ownerId}::text`, sql`${keyId}::text`]
  const held = sql`${billedTo === 'caller' ? 0 : heldNanoUsd}::bigint`
  const { rows } = await sql<StopColumns & { callId: string | null; asOf: Date }>`
    with limits as materialized (
      select * from ${limitsOf(scopesOf(owner, key), sql`${encodeBudgets(budgets)}::text`)} as limits
      where ${billedTo} = 'server'
    ), ${lockedSums}, passed as materialized (
      select limits.* from limits join locked using (scope, period, starts)
      where nano_usd + ${held} > limit_nano_usd
      order by resets_at desc limit 1
    ), paused as materialized (
      select from spending_switch where paused_at is not null and ${billedTo} = 'server'
    ), recorded as (
      insert into gateway_calls (owner_id, key_id, model, method, billed_to, held_nano_usd, cost_nano_usd)
      select ${owner}, ${key}, ${model}, ${method}, ${billedTo}, ${held}, ${held}
      where not exists (select from passed) and not exists (select from paused)
      returning id
    )
    select (select id from recorded) as call_id, exists (select from paused) as is_paused,
      passed.scope, passed.period, passed.resets_at, now() as as_of
    from (values (1)) as one left join passed on true`.execute(db)
  const [row] = rows
  if (row?.callId) return row.callId
  const stop = row && stopOf(row)
  throw stop ? spendingStopped(stop, row.asOf) : new Error('a call was not written down')
}

/** How a call ended. */
export type CallEnd = {
  status: number | null
  costNanoUsd: NanoUsd
  isEstimate: boolean
  mayHaveCharged: boolean
  usage: unknown
}

/** Books what a call cost in place of what was set aside for it; once, and for an owner who was erased meanwhile not at all. */
export const settleCall = async (
  db: Database,
  id: string,
  { usage, costNanoUsd, ...end }: CallEnd,
): Promise<void> => {
  await db
    .updateTable('gatewayCalls')
    .set({
      ...end,
      costNanoUsd: sql<NanoUsd>`case billed_to when 'server' then ${costNanoUsd}::bigint else 0 end`,
      callerCostNanoUsd: sql<NanoUsd>`case billed_to when 'caller' then ${costNanoUsd}::bigint end`,
      usage: usage === undefined ? null : JSON.stringify(usage),
      finishedAt: sql<Date>`clock_timestamp()`,
    })
    .where('id', '=', id)
    .where('finishedAt', 'is', null)
    .execute()
}
