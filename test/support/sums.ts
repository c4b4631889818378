import { type Kysely, sql } from 'kysely'
import type { Schema } from '../../db/schema.ts'

type Miscounted = { scope: string; period: string; starts: string; counted: string; summed: string }

/** The sums that are not what the calls add up to, one by one; of prefixes those that have a limit. */
export const findMiscounted = async (db: Kysely<Schema>): Promise<Miscounted[]> => {
  const { rows } = await sql<Miscounted>`
    with calls as (
      select owner_id, attempts.key_id, attempts.started_at, attempts.cost_nano_usd
      from attempts join generations on generations.id = attempts.generation_id
      union all
      select owner_id, key_id, started_at, cost_nano_usd from embedding_calls
      union all
      select owner_id, key_id, started_at, cost_nano_usd from gateway_calls
    ), summed as (
      select scope, period, date_trunc(period, started_at at time zone 'UTC')::date as starts,
        sum(cost_nano_usd) as summed
      from calls
      cross join lateral (
        select 'all' union all select 'owner:' || owner_id union all select 'key:' || key_id
        union all select scope from budgets where scope like 'prefix:%' and left(owner_id, length(scope) - 7) = substr(scope, 8)
      ) as scopes (scope)
      cross join (values ('day'), ('month')) as periods (period)
      where scope is not null
      group by 1, 2, 3
    )
    select scope, period, starts::text, coalesce(nano_usd, 0) as counted, coalesce(summed, 0) as summed
    from (select * from spending where scope not like 'prefix:%' or scope in (select scope from budgets)) as counted
    full join summed using (scope, period, starts)
    where coalesce(nano_usd, 0) <> coalesce(summed, 0)`.execute(db)
  return rows
}
