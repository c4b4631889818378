import type { Kysely } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'

/**
 * Callers' own keys for the provider (ADR 85): which generations one pays for, the sealed key for as long as its generation has not ended,
 * and the calls that cost the caller and not this server. Columns without a default or with a constant one, and constraints that look at
 * no row that is there: no table is read or written anew. A lock at a time, so that it never stands in the way of who holds another.
 */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await alterPatiently(db, statement)
}

const ended = `('succeeded', 'failed', 'canceled')`

const statements = [
  'alter table generations add column if not exists upstream_account text',
  `alter table access_keys add column if not exists upstream_keys text
    check (upstream_keys in ('off', 'allowed', 'required'))`,
  ...['attempts', 'gateway_calls'].flatMap((table) => [
    `alter table ${table}
      add column if not exists billed_to text not null default 'server',
      add column if not exists caller_cost_nano_usd bigint`,
    `alter table ${table} drop constraint if exists ${table}_payer, add constraint ${table}_payer
      check (billed_to = 'server' or (billed_to = 'caller' and held_nano_usd = 0 and cost_nano_usd = 0)) not valid`,
  ]),
  `create table if not exists upstream_keys (
    generation_id text primary key references generations (id) on delete cascade,
    sealed text not null,
    kept_at timestamptz(3) not null default now()
  )`,
  // Whatever ends a generation, and in whichever release: its key is gone with it.
  `create or replace function forget_upstream_key() returns trigger language plpgsql as $$ begin
    delete from upstream_keys where generation_id = new.id;
    return null;
  end $$`,
  `create or replace trigger generations_forget_upstream_key after update of status on generations
    for each row when (new.upstream_account is not null and new.status in ${ended})
    execute function forget_upstream_key()`,
  // The release before knows of no such keys, and would pay with the server's: its call can't be written down, and so is not sent.
  `create or replace function assert_payer() returns trigger language plpgsql as $$ begin
    if exists (select from generations where id = new.generation_id and upstream_account is not null) then
      raise exception 'a call of % is to be paid for with the key of who asked', new.generation_id using errcode = 'check_violation';
    end if;
    return new;
  end $$`,
  `create or replace trigger attempts_payer before insert on attempts
    for each row when (new.billed_to = 'server') execute function assert_payer()`,
]
