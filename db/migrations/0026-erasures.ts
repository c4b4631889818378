import { type Kysely, sql } from 'kysely'

/**
 * Erasures of owners: what is under way, and the receipts (ADR 54). Half a second for a million generations; no table is rewritten.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table erasures (
    id text primary key default 'er_' || replace(gen_random_uuid()::text, '-', ''),
    owner_digest text not null,
    owner_id text,
    asked_by text not null check (asked_by in ('owner', 'operator', 'list')),
    requested_at timestamptz(3) not null default now(),
    finished_at timestamptz(3),
    lease_expires_at timestamptz(3),
    counts jsonb not null default '{}',
    spent_nano_usd bigint not null default 0,
    check ((owner_id is null) = (finished_at is not null))
  )`,
  'create unique index erasures_under_way on erasures (owner_id) where owner_id is not null',
  'create index erasures_owner on erasures (owner_digest, requested_at desc)',
  `create table erased_objects (
    erasure_id text not null references erasures (id) on delete cascade,
    object_key text not null,
    version text,
    primary key (erasure_id, object_key)
  )`,
  // Sources' deliveries alone name an owner: few among all.
  `create index webhook_deliveries_owner on webhook_deliveries (owner_id) where owner_id is not null`,
  // Deleting a generation would read the whole table for its events, which are found by their owner instead.
  'alter table generation_events drop constraint generation_events_generation_id_fkey',
  // A row may be made anew under an id that was erased: a claim on the old one must be none on the new one.
  'alter table generations alter column fence set default (random() * 1000000000)::integer',
]
