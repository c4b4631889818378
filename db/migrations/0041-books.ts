import { type Kysely, sql } from 'kysely'
import { alterPatiently } from '../alter-patiently.ts'
import { replaceIndex } from '../replace-index.ts'

/**
 * Bills that were compared and what they settled (ADR 81), what the saving is told from (ADR 82), and what was lacking of embeddings'
 * calls in the figures. Columns that are null for what was before and for the release before: no table is rewritten. Calls for embeddings
 * that are kept, two months of them, are taken into the figures once this release runs; an index of a million takes a second.
 */
export const isOnline = true

export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of tables) await sql.raw(statement).execute(db)
  for (const statement of columns) await alterPatiently(db, statement)
  await replaceIndex(db, {
    name: 'embedding_calls_to_count',
    on: `embedding_calls (id) where is_counted is distinct from (finished_at is not null)`,
    replaces: [],
  })
}

const columns = [
  `alter table embedding_calls
    add column if not exists is_estimate boolean,
    add column if not exists is_counted boolean`,
  'alter table gateway_calls add column if not exists response_id text',
]

const tables = [
  `create table if not exists reconciliations (
    id bigint generated always as identity primary key,
    created_at timestamptz(3) not null default now(),
    created_by text not null,
    bill_name text not null,
    is_explained boolean not null,
    report jsonb not null
  )`,
  `create table if not exists settlements (
    id bigint generated always as identity primary key,
    reconciliation_id bigint not null references reconciliations on delete cascade,
    call_table text not null,
    call_id bigint not null,
    from_nano_usd bigint not null,
    to_nano_usd bigint not null,
    basis text not null,
    settled_at timestamptz(3) not null default now(),
    settled_by text not null,
    unique (call_table, call_id)
  )`,
  'create index if not exists settlements_reconciliation on settlements (reconciliation_id, id)',
  `create table if not exists daily_savings (
    owner_id text not null,
    day date not null,
    model text not null,
    kind text not null,
    count bigint not null,
    nano_usd bigint not null,
    primary key (owner_id, day, model, kind)
  )`,
  `create table if not exists savings_progress (
    is_only boolean primary key default true check (is_only),
    event_id bigint not null
  )`,
  'insert into savings_progress (event_id) values (0) on conflict do nothing',
]
