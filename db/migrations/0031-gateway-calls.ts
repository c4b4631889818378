import { type Kysely, sql } from 'kysely'

/** Calls that are handed on to a provider as they came, with what they cost (ADR 70). They count for spending as embeddings do. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table if not exists gateway_calls (
    id bigint generated always as identity primary key,
    owner_id text,
    key_id text,
    model text not null,
    method text not null,
    started_at timestamptz(3) not null default now(),
    finished_at timestamptz(3),
    status smallint,
    held_usd float8 not null,
    cost_usd float8 not null,
    is_estimate boolean not null default true,
    may_have_charged boolean not null default true,
    usage jsonb,
    is_counted boolean
  )`,
  'create index if not exists gateway_calls_started on gateway_calls (started_at)',
  'create index if not exists gateway_calls_owner on gateway_calls (owner_id, id)',
  `create index if not exists gateway_calls_to_count on gateway_calls (id)
    where is_counted is distinct from (finished_at is not null)`,
  `create or replace trigger gateway_calls_spending_new after insert on gateway_calls
    for each row execute function count_embedding_call()`,
  `create or replace trigger gateway_calls_spending_settled after update of cost_usd on gateway_calls
    for each row when (old.cost_usd is distinct from new.cost_usd) execute function count_embedding_call()`,
]
