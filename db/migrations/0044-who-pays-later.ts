import type { Kysely } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'

/**
 * The key by which a saved item's picture was asked for, which pays when a worker asks for it; the limits of the settings that what
 * waits has been tried under; and what an erased owner has spent in a day and a month that go on, under a digest, for an owner who comes
 * back (ADR 86). A lock at a time.
 */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await alterPatiently(db, statement)
}

const statements = [
  'alter table saved_items add column if not exists key_id text',
  'alter table spending_switch add column if not exists settings text',
  `create table if not exists erased_spending (
    owner_digest text not null,
    period text collate "C" not null,
    starts date not null,
    nano_usd bigint not null,
    primary key (owner_digest, period, starts)
  )`,
  `create table if not exists erased_budgets (
    owner_digest text primary key,
    daily_nano_usd bigint,
    monthly_nano_usd bigint,
    ends date not null
  )`,
  // The digest is that of receipts (digest-owner.ts). The sums are locked in the order that all keep to.
  `create or replace function restore_erased_spending() returns trigger language plpgsql as $$
  declare
    digest text := encode(sha256(convert_to(E'imageonce owner\\n' || new.id, 'UTF8')), 'hex');
    today timestamp := now() at time zone 'UTC';
  begin
    with gone as (delete from erased_spending where owner_digest = digest returning period, starts, nano_usd)
    insert into spending (scope, period, starts, nano_usd)
    select 'owner:' || new.id, period, starts, nano_usd from gone
    where starts = date_trunc(period, today)::date order by period collate "C"
    on conflict (scope, period, starts) do update set nano_usd = spending.nano_usd + excluded.nano_usd;
    with gone as (delete from erased_budgets where owner_digest = digest returning daily_nano_usd, monthly_nano_usd, ends)
    insert into budgets (scope, daily_nano_usd, monthly_nano_usd)
    select 'owner:' || new.id, daily_nano_usd, monthly_nano_usd from gone where ends > today::date
    on conflict (scope) do nothing;
    return null;
  end $$`,
  `create or replace trigger users_restore_spending after insert on users
    for each row execute function restore_erased_spending()`,
]
