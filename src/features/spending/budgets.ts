import { sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema } from '../../../db/schema.ts'
import { type BudgetAnswer, type SpendingScope, scopeSchema } from '../../contract/spending.ts'
import type { Budget } from '../../generation/state/spending-limits.ts'
import { lockSums } from '../../generation/state/sums-lock.ts'
import { type NanoUsdSum, toNanoUsdDigits, toUsd } from '../../lib/money.ts'
import { wakeStopped } from './wake-stopped.ts'

/**
 * Limits what a scope may cost a UTC day and month, in US dollars; what is absent is left to the settings, and with neither the limit
 * is taken away. It holds for every call that is recorded once this resolves, by what was spent before as well; what waited for a
 * lower limit is tried again.
 */
export const setBudget = async (
  db: Database,
  scope: SpendingScope,
  { dailyUsd, monthlyUsd }: Budget,
): Promise<void> => {
  if (dailyUsd === undefined && monthlyUsd === undefined) {
    await removeBudget(db, scope)
    return
  }
  const toLimit = (usd: number | undefined) => (usd === undefined ? null : toNanoUsdDigits(usd))
  const limits = { dailyNanoUsd: toLimit(dailyUsd), monthlyNanoUsd: toLimit(monthlyUsd) }
  await db.transaction().execute(async (tx) => {
    await lockSums(tx)
    await tx
      .insertInto('budgets')
      .values({ scope, ...limits })
      .onConflict((conflict) =>
        conflict.column('scope').doUpdateSet({ ...limits, updatedAt: sql<Date>`now()` }),
      )
      .execute()
    if (scope.startsWith('prefix:')) await sumUpPrefix(tx, scope)
  })
  await wakeStopped(db)
}

/** `setBudget` of scopes that are made from what a key is. Throws `ZodError` for what is no scope. */
export const setKeyBudget =
  (db: Database) =>
  (scope: string, budget: Budget): Promise<void> =>
    setBudget(db, scopeSchema.parse(scope), budget)

/** False when there was none. */
export const removeBudget = async (db: Database, scope: SpendingScope): Promise<boolean> => {
  const isRemoved = await db.transaction().execute(async (tx) => {
    await lockSums(tx)
    const removed = await tx
      .deleteFrom('budgets')
      .where('scope', '=', scope)
      .returning('scope')
      .executeTakeFirst()
    return removed !== undefined
  })
  await wakeStopped(db)
  return isRemoved
}

/** Sums of a prefix are kept only while it has a limit: here they become those of its owners. */
const sumUpPrefix = async (tx: Transaction<Schema>, scope: SpendingScope): Promise<void> => {
  const prefix = scope.slice('prefix:'.length)
  await sql`
    insert into spending (scope, period, starts, nano_usd)
    select ${scope}, period, date_trunc(period, now() at time zone 'UTC')::date, coalesce((
      select sum(nano_usd) from spending
      where spending.period = periods.period
        and starts = date_trunc(periods.period, now() at time zone 'UTC')::date
        and scope like 'owner:%' and starts_with(substr(scope, 7), ${prefix})), 0)
    from (values ('day'), ('month')) as periods (period)
    order by period collate "C"
    on conflict (scope, period, starts) do update set nano_usd = excluded.nano_usd`.execute(tx)
}

/** By scope. */
export const listBudgets = async (db: Database): Promise<BudgetAnswer[]> => {
  const rows = await db.selectFrom('budgets').selectAll().orderBy('scope').execute()
  const toLimit = (nano: NanoUsdSum | null) => (nano === null ? null : toUsd(nano))
  return rows.map(({ scope, dailyNanoUsd, monthlyNanoUsd, updatedAt }) => ({
    scope,
    dailyUsd: toLimit(dailyNanoUsd),
    monthlyUsd: toLimit(monthlyNanoUsd),
    updatedAt: updatedAt.toISOString(),
  }))
}
