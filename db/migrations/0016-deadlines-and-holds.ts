import { type Kysely, sql } from 'kysely'

/**
 * When a generation ends at the latest (null: it was asked for by a release that set none), since when a person wants it, which
 * deferred submission queued it last, and what a call may cost, set aside before it is sent (ADR 36, 37, 38). Every new
 * column has a constant default or none, so no table is written anew, however long it is.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table generations
    add column deadline_at timestamptz(3),
    add column promoted_at timestamptz(3),
    add column deferred_as text`,
  `alter table attempts
    add column held_usd float8 not null default 0,
    add column is_estimate boolean not null default false`,
  'alter table daily_figures add column estimated_nano_usd bigint not null default 0',
  'alter table monthly_figures add column estimated_nano_usd bigint not null default 0',
  `create table model_limits (
    provider text not null,
    account text not null,
    model text not null,
    limited_at timestamptz(3) not null default now(),
    limited_until timestamptz(3) not null,
    primary key (provider, account, model)
  )`,
]
