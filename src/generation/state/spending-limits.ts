import { type RawBuilder, sql } from 'kysely'
import type { Period, Scope } from '../../../db/spending-tables.ts'
import { AppError, type ErrorCode } from '../../lib/errors.ts'
import { toNanoUsdDigits } from '../../lib/money.ts'

export type Budget = { dailyUsd?: number | undefined; monthlyUsd?: number | undefined }

/** The limits of the settings, which hold where an operator has set no other. */
export type BudgetSettings = {
  /** For all that this installation pays. */
  everyone: Budget
  /** For each owner. */
  eachOwner: Budget
}

/** The same as the parameter of a statement. */
export const encodeBudgets = ({ everyone, eachOwner }: BudgetSettings): string =>
  JSON.stringify(
    [
      ['all', 'day', everyone.dailyUsd],
      ['all', 'month', everyone.monthlyUsd],
      ['owner', 'day', eachOwner.dailyUsd],
      ['owner', 'month', eachOwner.monthlyUsd],
    ].flatMap(([kind, period, usd]) =>
      usd === undefined ? [] : { kind, period, nano: toNanoUsdDigits(Number(usd)) },
    ),
  )

/** SQL for the scopes that a call of this owner and key counts for. */
export const scopesOf = (ownerId: RawBuilder<unknown>, keyId: RawBuilder<unknown>) =>
  sql`spending_scopes(${ownerId}, ${keyId})`

/**
 * SQL for the sums of these scopes, as of now: scope, period, when that started and ends, and the limit, which is null where
 * there is none. `settings` is what `encodeBudgets` makes.
 */
export const limitsOf = (scopes: RawBuilder<unknown>, settings: RawBuilder<unknown>) => sql`(
  select scope, period, starts::date as starts,
    (starts + ('1 ' || period)::interval) at time zone 'UTC' as resets_at,
    coalesce(
      case period when 'day' then daily_nano_usd else monthly_nano_usd end,
      (select nano from jsonb_to_recordset(${settings}::jsonb) as setting (kind text, "period" text, nano bigint)
        where kind = split_part(scope, ':', 1) and setting."period" = periods.period)
    ) as limit_nano_usd
  from ${scopes} as scopes
  cross join lateral (
    select period, date_trunc(period, now() at time zone 'UTC') as starts
    from (values ('day'), ('month')) as names (period)) as periods
  left join budgets using (scope))`

/**
 * SQL of a `with` that locks the sums which `limits` names until the statement is written, makes those that are not there yet, and
 * knows them as they are once the lock is had. Postgres gives the newest of a row only to who writes it, so each is written as it is.
 */
export const lockedSums = sql`locked as (
  insert into spending (scope, period, starts, nano_usd)
  select scope, period, starts, 0 from limits order by scope collate "C", period collate "C"
  on conflict (scope, period, starts) do update set nano_usd = spending.nano_usd
  returning scope, period, starts, nano_usd)`

/** A limit, by which one it is and when it begins anew. */
export type ReachedLimit = { scope: Scope; period: Period; resetsAt: Date }

/** A limit, and how much of it is spent with a call, from 0 to 1. */
export type NearestLimit = ReachedLimit & { share: number }

/** Why no call may be paid for now. */
export type SpendingStop = ReachedLimit | 'paused'

/** The columns of a statement that says whether it was stopped. */
export type StopColumns = {
  isPaused: boolean
  scope: Scope | null
  period: Period | null
  resetsAt: Date | null
}

export const stopOf = ({
  isPaused,
  scope,
  period,
  resetsAt,
}: StopColumns): SpendingStop | undefined => {
  if (isPaused) return 'paused'
  return scope && period && resetsAt ? { scope, period, resetsAt } : undefined
}

/** How long after it was refused something is worth asking for again, while all paying is stopped. */
const PAUSED_RETRY_MS = 60_000

/** `asOf`: by the clock that its times are of. The text says nothing of amounts, which others than its reader may have spent. */
export const spendingStopped = (stop: SpendingStop, asOf: Date): AppError => {
  if (stop === 'paused') {
    return new AppError(
      'spending_paused',
      'An operator has stopped all paying for now: only images that exist are answered.',
      { retryable: true, retryAfterMs: PAUSED_RETRY_MS },
    )
  }
  const { scope, period, resetsAt } = stop
  return new AppError(
    'budget_exceeded',
    `The ${period === 'day' ? 'daily' : 'monthly'} budget of ${describeScope(scope)} is spent. It begins anew at ${resetsAt.toISOString()}.`,
    { retryable: true, retryAfterMs: Math.max(1_000, resetsAt.getTime() - asOf.getTime()) },
  )
}

/** True of what may not be paid for now, and would be made otherwise. */
export const isSpendingStopped = ({ code }: AppError): boolean => STOPS.includes(code)

/** The codes of `spendingStopped`. */
export const STOPS: readonly ErrorCode[] = ['budget_exceeded', 'spending_paused']

const describeScope = (scope: Scope): string => {
  const kind = scope.split(':', 1)[0] as 'all' | 'prefix' | 'owner' | 'key'
  return SCOPE_WORDS[kind]
}

const SCOPE_WORDS = {
  all: 'this server',
  prefix: 'the app that this owner belongs to',
  owner: 'this owner',
  key: 'this key',
}
