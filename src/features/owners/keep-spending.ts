import { sql, type Transaction } from 'kysely'
import type { Schema } from '../../../db/schema.ts'
import type { Erasure } from './erasures.ts'

/**
 * Keeps what an owner has spent in periods that go on, and the limits that operators set, under the owner's digest, and takes them from
 * where the owner is named. A trigger gives them back to who comes back (`restore_erased_spending`), so that erasing oneself begins no
 * budget anew.
 */
export const keepSpending = async (
  tx: Transaction<Schema>,
  { ownerId, ownerDigest }: Erasure,
): Promise<void> => {
  const scope = sql`'owner:' || ${ownerId}::text`
  await sql`
    insert into erased_spending (owner_digest, period, starts, nano_usd)
    select ${ownerDigest}, period, starts, nano_usd from spending
    where scope = ${scope} and starts = date_trunc(period, now() at time zone 'UTC')::date and nano_usd > 0
    on conflict (owner_digest, period, starts) do update set nano_usd = erased_spending.nano_usd + excluded.nano_usd`.execute(
    tx,
  )
  await sql`
    insert into erased_budgets (owner_digest, daily_nano_usd, monthly_nano_usd, ends)
    select ${ownerDigest}, daily_nano_usd, monthly_nano_usd, ${endOfMonth} from budgets where scope = ${scope}
    on conflict (owner_digest) do update set
      daily_nano_usd = excluded.daily_nano_usd, monthly_nano_usd = excluded.monthly_nano_usd, ends = excluded.ends`.execute(
    tx,
  )
  for (const table of ['spending', 'budgets']) {
    await sql`delete from ${sql.table(table)} where scope = ${scope}`.execute(tx)
  }
}

const endOfMonth = sql`(date_trunc('month', now() at time zone 'UTC') + interval '1 month')::date`
