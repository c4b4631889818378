import { type Kysely, sql } from 'kysely'

/**
 * What a model said of pairs of prompts, the calls that asked it, and which comparisons it decided (ADR 84). Calls are counted into
 * `spending` by a trigger, as all are. The columns' default is a constant, so no table is written anew.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table if not exists judge_verdicts (
    owner_id text not null references users (id) on delete cascade,
    pair_digest text collate "C" not null,
    model text collate "C" not null,
    is_same boolean not null,
    created_at timestamptz(3) not null default now(),
    primary key (owner_id, pair_digest, model)
  )`,
  'create index if not exists judge_verdicts_created on judge_verdicts (created_at)',
  `create table if not exists judge_calls (
    id bigint generated always as identity primary key,
    owner_id text,
    key_id text,
    model text not null,
    started_at timestamptz(3) not null default now(),
    finished_at timestamptz(3),
    held_nano_usd bigint not null,
    cost_nano_usd bigint not null,
    price_version text,
    response_id text,
    usage jsonb
  )`,
  'create index if not exists judge_calls_started on judge_calls (started_at)',
  'create index if not exists judge_calls_owner on judge_calls (owner_id, started_at) where owner_id is not null',
  `create or replace function count_judge_call() returns trigger language plpgsql as $$ begin
    perform add_spending(new.owner_id, new.key_id, new.started_at,
      new.cost_nano_usd - case when tg_op = 'UPDATE' then old.cost_nano_usd else 0 end);
    return null;
  end $$`,
  'create or replace trigger judge_calls_spending_new after insert on judge_calls for each row execute function count_judge_call()',
  `create or replace trigger judge_calls_spending_settled after update of cost_nano_usd on judge_calls for each row
    when (old.cost_nano_usd is distinct from new.cost_nano_usd) execute function count_judge_call()`,
  `alter table similarity_checks
    add column if not exists judge_model text,
    add column if not exists judge_cost_nano_usd bigint not null default 0`,
]
