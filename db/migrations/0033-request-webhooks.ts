import { type Kysely, sql } from 'kysely'

/** Who is to be told of a single request, and how that went (ADR 73). Of no time: the table is new. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table if not exists request_webhooks (
    id text primary key default 'rw_' || replace(gen_random_uuid()::text, '-', ''),
    owner_id text not null references users (id) on delete cascade,
    dialect text not null,
    url text not null,
    request_id text not null,
    generation_ids text[] not null,
    status text not null default 'waiting' check (status in ('waiting', 'pending', 'delivered', 'failed')),
    body text,
    failures integer not null default 0,
    claims integer not null default 0,
    next_attempt_at timestamptz(3),
    lease_expires_at timestamptz(3),
    status_code integer,
    error text,
    created_at timestamptz(3) not null default clock_timestamp()
  )`,
  // Also what is asked for again before it has ended: it is told once.
  `create unique index if not exists request_webhooks_waiting on request_webhooks (owner_id, request_id, url) where status = 'waiting'`,
  `create index if not exists request_webhooks_open on request_webhooks (owner_id) where status in ('waiting', 'pending')`,
  `create index if not exists request_webhooks_due on request_webhooks (owner_id, next_attempt_at) where next_attempt_at is not null`,
  'create index if not exists request_webhooks_created on request_webhooks (created_at)',
]
