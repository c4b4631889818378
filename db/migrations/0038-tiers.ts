import { type Kysely, sql } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'

/**
 * At which tier calls were asked for and served, at which a key has its eager ones made, and which tiers a model does not take
 * (ADR 77). Columns that are null for what was before and for the release before, which asks for no other tier than the standard one;
 * those of the rollup have a constant default: no table is rewritten.
 */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of altered) await alterPatiently(db, statement)
  await sql.raw(tierLimits).execute(db)
}

const altered = [
  'alter table generations add column if not exists tier text',
  `alter table attempts
    add column if not exists tier text,
    add column if not exists served_tier text`,
  'alter table access_keys add column if not exists eager_tier text',
  ...['daily_figures', 'monthly_figures'].map(
    (table) => `alter table ${table}
      add column if not exists half_price_calls bigint not null default 0,
      add column if not exists half_price_nano_usd bigint not null default 0`,
  ),
]

const tierLimits = `create table if not exists tier_limits (
  provider text not null,
  account text not null,
  model text not null,
  tier text not null,
  reason text not null,
  limited_at timestamptz(3) not null default now(),
  limited_until timestamptz(3) not null,
  primary key (provider, account, model, tier)
)`
