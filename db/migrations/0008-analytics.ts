import { type Kysely, sql } from 'kysely'

/**
 * The daily rollup of events and provider calls (ADR 20). It names owners without a foreign key, so that a deleted one
 * leaves the history as it was. Nothing is added to `generation_events`, and a column without a default to `attempts`.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const figures = `
  started bigint not null,
  skipped_exact bigint not null,
  skipped_joined bigint not null,
  skipped_similar bigint not null,
  client_skipped bigint not null,
  completed bigint not null,
  failed bigint not null,
  canceled bigint not null,
  calls bigint not null,
  paid_calls bigint not null,
  spend_nano_usd bigint not null,
  saved_nano_usd bigint not null,
  duration_ms bigint not null`

const statements = [
  `create table daily_figures (day date not null, owner_id text not null, ${figures}, primary key (day, owner_id))`,
  'create index daily_figures_owner on daily_figures (owner_id, day)',
  `create table monthly_figures (month date not null, owner_id text not null, ${figures}, primary key (month, owner_id))`,
  `create table daily_models (
    owner_id text not null,
    day date not null,
    model text not null,
    calls bigint not null,
    paid_calls bigint not null,
    spend_nano_usd bigint not null,
    primary key (owner_id, day, model)
  )`,
  `create table daily_durations (
    owner_id text not null,
    day date not null,
    bucket smallint not null,
    count bigint not null,
    primary key (owner_id, day, bucket)
  )`,
  `create table analytics_progress (
    is_only boolean primary key default true check (is_only),
    event_id bigint not null
  )`,
  'insert into analytics_progress (event_id) values (0)',
  'alter table attempts add column is_counted boolean',
  `create index attempts_to_count on attempts (id)
    where is_counted is distinct from (outcome is not null)`,
]
