import { type Kysely, sql } from 'kysely'

/**
 * How each alert stands, when it fired and resolved, who evaluates at the moment, and how fast each process's
 * statements are answered (ADR 28).
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table alerts (
    name text primary key,
    state text not null check (state in ('ok', 'firing', 'resolved')),
    streak integer not null,
    value float8,
    threshold float8,
    sample integer not null,
    since timestamptz(3) not null,
    fired_at timestamptz(3),
    resolved_at timestamptz(3)
  )`,
  `create table alert_events (
    id text primary key default 'ae_' || replace(gen_random_uuid()::text, '-', ''),
    alert text not null,
    state text not null check (state in ('firing', 'resolved')),
    at timestamptz(3) not null,
    value float8,
    threshold float8,
    sample integer not null
  )`,
  'create index alert_events_at on alert_events (at desc, id desc)',
  `create table alert_evaluation (
    is_only boolean primary key default true check (is_only),
    claims bigint not null,
    claimed_for timestamptz(3) not null,
    evaluated_at timestamptz(3)
  )`,
  "insert into alert_evaluation (claims, claimed_for) values (0, 'epoch')",
  // For the processes that deliver what is told of alerts and nothing else.
  `create index webhook_deliveries_alerts on webhook_deliveries (endpoint_id, next_attempt_at)
    where next_attempt_at is not null and type like 'alert.%'`,
  `create table query_times (
    process_id text primary key,
    count integer not null,
    p95_ms float8,
    seen_at timestamptz(3) not null default now()
  )`,
]
