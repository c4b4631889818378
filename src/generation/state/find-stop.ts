import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { AppError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import {
  type BudgetSettings,
  encodeBudgets,
  limitsOf,
  type StopColumns,
  scopesOf,
  spendingStopped,
  stopOf,
} from './spending-limits.ts'

/**
 * Why a call of this owner and key that may cost `mayCostNanoUsd` could not be paid for, by what `recordIntent` goes by; undefined where
 * it could.
 */
export const findStop = async (
  db: Database,
  { ownerId, keyId }: Pick<GenerationRow, 'ownerId' | 'keyId'>,
  mayCostNanoUsd: NanoUsd,
  budgets: BudgetSettings,
): Promise<AppError | undefined> => {
  const limits = limitsOf(
    scopesOf(sql`${ownerId}::text`, sql`${keyId}::text`),
    sql`${encodeBudgets(budgets)}::text`,
  )
  const { rows } = await sql<StopColumns & { asOf: Date }>`
    with passed as (
      select limits.* from ${limits} as limits left join spending using (scope, period, starts)
      where coalesce(nano_usd, 0) + ${mayCostNanoUsd}::bigint > limit_nano_usd
      order by resets_at desc limit 1
    )
    select paused_at is not null as is_paused, passed.scope, passed.period, passed.resets_at, now() as as_of
    from spending_switch left join passed on true`.execute(db)
  const [row] = rows
  const stop = row && stopOf(row)
  return stop && spendingStopped(stop, row.asOf)
}
