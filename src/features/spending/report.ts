import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Period, Scope } from '../../../db/spending-tables.ts'
import type { Spending, SpendingSum } from '../../contract/spending.ts'
import {
  type BudgetSettings,
  encodeBudgets,
  limitsOf,
} from '../../generation/state/spending-limits.ts'
import { type NanoUsdSum, toUsd } from '../../lib/money.ts'
import { readSwitch } from './switch.ts'

export type SpendingSettings = BudgetSettings & {
  /** From which share of a limit on is warned of it, from 0 to 1. */
  warnShare: number
}

/** Of whose sums nobody set a limit, as many of those that have cost most this month. */
const MAX_UNLIMITED = 100

/** What an owner has spent, and the key that is asked with; without `ownerId`, everybody's. */
export const readSpending = async (
  db: Database,
  settings: SpendingSettings,
  payer: { ownerId: string | undefined; keyId: string | null },
): Promise<Spending> => {
  const [{ isPaused, pausedAt }, sums] = await Promise.all([
    readSwitch(db),
    readSums(db, settings, payer.ownerId === undefined ? ALL_SCOPES : scopesOfPayer(payer)),
  ])
  return {
    isPaused,
    pausedAt,
    asOf: (sums[0]?.asOf ?? new Date()).toISOString(),
    warnPercent: Math.round(settings.warnShare * 100),
    sums: sums.map(presentSum),
  }
}

type SumRow = {
  scope: Scope
  period: Period
  startsOn: string
  resetsAt: Date
  limitNanoUsd: NanoUsdSum | null
  spentNanoUsd: NanoUsdSum
  heldNanoUsd: NanoUsdSum
  asOf: Date
}

const scopesOfPayer = ({
  ownerId,
  keyId,
}: {
  ownerId: string | undefined
  keyId: string | null
}) =>
  keyId === null
    ? sql`(values (${`owner:${ownerId}`}))`
    : sql`(values (${`owner:${ownerId}`}), (${`key:${keyId}`}))`

const thisMonth = sql`date_trunc('month', now() at time zone 'UTC')::date`

const ALL_SCOPES = sql`(
  select 'all' union select scope from budgets union (
    select scope from spending
    where period = 'month' and starts = ${thisMonth} and scope ~ '^(owner|key):'
    order by nano_usd desc limit ${sql.lit(MAX_UNLIMITED)}))`

/**
 * Of what is out, by the row of the running generation that it is of: a call whose worker died is spent; and one that was handed on, for
 * as long as one can be held open.
 */
const heldByScope = sql`
  select scopes.scope, sum(cost_nano_usd) as held_nano_usd
  from (
    select generations.owner_id, attempts.key_id, attempts.cost_nano_usd
    from generations
    join attempts on attempts.generation_id = generations.id and attempts.fence = generations.fence
      and attempts.outcome is null
    where generations.status = 'running'
    union all
    select owner_id, key_id, cost_nano_usd from gateway_calls
    where finished_at is null and started_at > now() - interval '1 hour'
  ) as calls
  cross join lateral spending_scopes(calls.owner_id, calls.key_id) as scopes
  group by scopes.scope`

/** Not more is told to be held than is booked: a call that went out before midnight counts for the day before. */
const readSums = async (
  db: Database,
  settings: BudgetSettings,
  scopes: RawBuilder<unknown>,
): Promise<SumRow[]> => {
  const wanted = sql`(select scope from ${scopes} as listed (scope))`
  const { rows } = await sql<SumRow>`
    select limits.scope, limits.period, limits.starts::text as starts_on, resets_at, limit_nano_usd,
      coalesce(nano_usd, 0) - own_held as spent_nano_usd, own_held as held_nano_usd, now() as as_of
    from ${limitsOf(wanted, sql`${encodeBudgets(settings)}::text`)} as limits
    left join spending using (scope, period, starts)
    left join (${heldByScope}) as held using (scope)
    cross join lateral (select least(coalesce(held_nano_usd, 0), coalesce(nano_usd, 0)) as own_held) as own
    order by (limits.scope <> 'all'), nano_usd::float8 / nullif(limit_nano_usd, 0) desc nulls last, limits.scope, limits.period`.execute(
    db,
  )
  return rows
}

const presentSum = (row: SumRow): SpendingSum => {
  const { scope, period, startsOn, resetsAt, limitNanoUsd, spentNanoUsd, heldNanoUsd } = row
  return {
    scope,
    period,
    startsOn,
    resetsAt: resetsAt.toISOString(),
    limitUsd: limitNanoUsd === null ? null : toUsd(limitNanoUsd),
    spentUsd: toUsd(spentNanoUsd),
    heldUsd: toUsd(heldNanoUsd),
  }
}

/** What all calls have cost, and may cost yet, and how many limits besides those of everyone are spent beyond the share to warn at. */
export const measureSpending = async (db: Database, settings: SpendingSettings) => {
  const limited = sql`(
    select scope from budgets where scope <> 'all'
    union select scope from spending where period = 'month' and starts = ${thisMonth} and scope like 'owner:%')`
  const { rows } = await sql<Measured>`
    select today_nano_usd, month_nano_usd, is_paused, count(limit_nano_usd)::int as budgets,
      (count(*) filter (where limit_nano_usd > 0 and nano_usd >= limit_nano_usd * ${settings.warnShare}::float8))::int as low_budgets
    from (
      select coalesce(sum(nano_usd) filter (where period = 'day' and starts = (now() at time zone 'UTC')::date), 0) as today_nano_usd,
        coalesce(sum(nano_usd) filter (where period = 'month' and starts = ${thisMonth}), 0) as month_nano_usd,
        (select paused_at is not null from spending_switch) as is_paused
      from spending where scope = 'all'
    ) as everyone
    left join (
      select limit_nano_usd, nano_usd
      from ${limitsOf(limited, sql`${encodeBudgets(settings)}::text`)} as limits
      left join spending using (scope, period, starts)
    ) as sums on true
    group by today_nano_usd, month_nano_usd, is_paused`.execute(db)
  const [row] = rows
  return {
    todayUsd: toUsd(row?.todayNanoUsd ?? 0),
    monthUsd: toUsd(row?.monthNanoUsd ?? 0),
    isPaused: row?.isPaused ?? false,
    budgets: row?.budgets ?? 0,
    lowBudgets: row?.lowBudgets ?? 0,
  }
}

type Measured = {
  todayNanoUsd: NanoUsdSum
  monthNanoUsd: NanoUsdSum
  isPaused: boolean
  budgets: number
  lowBudgets: number
}
