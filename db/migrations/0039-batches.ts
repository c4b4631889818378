import { type Kysely, sql } from 'kysely'

/**
 * Batch jobs at a provider, and the generations that wait for one or are in one (ADR 78). Of no time: the tables are new. What is in a
 * batch is `running` without a lease, which the release before neither claims nor ends.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table if not exists batches (
    id text primary key,
    provider text not null,
    account text not null,
    model text not null,
    state text not null default 'intended' check (state in ('intended', 'running', 'ended', 'settled', 'closed')),
    outcome text check (outcome in ('succeeded', 'failed', 'canceled', 'expired', 'refused', 'lost')),
    remote_name text,
    responses_file text,
    item_count integer not null default 0,
    created_at timestamptz(3) not null default now(),
    sent_at timestamptz(3),
    running_at timestamptz(3),
    ended_at timestamptz(3),
    settled_at timestamptz(3),
    closed_at timestamptz(3),
    cancel_asked_at timestamptz(3),
    due_at timestamptz(3) not null default now(),
    failures integer not null default 0,
    trouble text,
    trouble_since timestamptz(3),
    worker_id text,
    fence integer not null default 0,
    lease_expires_at timestamptz(3)
  )`,
  `create index if not exists batches_due on batches (due_at) where state <> 'closed'`,
  'create index if not exists batches_created on batches (created_at, id)',
  `create table if not exists batch_items (
    id bigint generated always as identity primary key,
    generation_id text not null references generations (id) on delete cascade,
    provider text not null,
    account text not null,
    model text not null,
    state text not null default 'gathered' check (state in ('gathered', 'sent', 'settled')),
    fence integer not null,
    batch_id text references batches (id) on delete cascade,
    attempt_id bigint,
    outcome text,
    gathered_at timestamptz(3) not null default now(),
    settled_at timestamptz(3),
    check ((state = 'gathered') = (batch_id is null))
  )`,
  // A generation waits for one batch or is in one, and never in two.
  `create unique index if not exists batch_items_open on batch_items (generation_id) where state <> 'settled'`,
  `create index if not exists batch_items_gathered on batch_items (provider, account, model, gathered_at) where state = 'gathered'`,
  'create index if not exists batch_items_batch on batch_items (batch_id) where batch_id is not null',
  'create index if not exists batch_items_generation on batch_items (generation_id)',
]
