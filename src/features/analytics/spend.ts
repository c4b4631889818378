import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { EVERYONE, NANO_USD } from './facts.ts'
import { tailCalls } from './reading.ts'

/** What calls have cost since the UTC day and the UTC month began, of all owners, by Postgres's clock. */
export const readSpend = async (db: Database): Promise<{ todayUsd: number; monthUsd: number }> => {
  const today = sql`(now() at time zone 'UTC')::date`
  const { rows } = await sql<{ today: string | null; month: string | null }>`
    select sum(spend_nano_usd) filter (where day = ${today}) as today, sum(spend_nano_usd) as month
    from (
      select day, spend_nano_usd from daily_figures where owner_id = ${EVERYONE}
      union all
      select day, spend_nano_usd from (${tailCalls}) as calls
    ) as days
    where day >= date_trunc('month', ${today}::timestamp)::date`.execute(db)
  const toUsd = (nano: string | null | undefined) => Number(nano ?? 0) / NANO_USD
  return { todayUsd: toUsd(rows[0]?.today), monthUsd: toUsd(rows[0]?.month) }
}
