import { type Kysely, sql } from 'kysely'

/**
 * Sums of what calls cost by scope and UTC day and month, kept by triggers, so that whoever writes a call down is counted: the
 * release before as well as this one. The limits on them, the switch that stops all paying, and the calls that make embeddings
 * (ADR 50, 51). The columns have no default, so no table is written anew; who writes calls waits while those of the month are
 * summed up, half a second for a million.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

/*
 * The triggers lock what they add to in one order (scope, period, start), after every other row of their statement: two statements
 * can't wait for each other. A row of `spending` may be locked in that order alone, and no other row after it.
 */
const statements = [
  'alter table generations add column key_id text',
  'alter table attempts add column key_id text',
  `create table embedding_calls (
    id bigint generated always as identity primary key,
    owner_id text,
    key_id text,
    model text not null,
    started_at timestamptz(3) not null default now(),
    finished_at timestamptz(3),
    held_usd float8 not null,
    cost_usd float8 not null
  )`,
  'create index embedding_calls_started on embedding_calls (started_at)',
  `create table spending (
    scope text collate "C" not null,
    period text collate "C" not null check (period in ('day', 'month')),
    starts date not null,
    nano_usd bigint not null,
    primary key (scope, period, starts)
  ) with (fillfactor = 50)`,
  'create index spending_starts on spending (starts, period)',
  `create table budgets (
    scope text collate "C" primary key check (scope = 'all' or scope ~ '^(prefix|owner|key):.'),
    prefix text generated always as (case when scope like 'prefix:%' then substr(scope, 8) end) stored,
    daily_nano_usd bigint check (daily_nano_usd >= 0),
    monthly_nano_usd bigint check (monthly_nano_usd >= 0),
    updated_at timestamptz(3) not null default now(),
    check (daily_nano_usd is not null or monthly_nano_usd is not null)
  )`,
  'create index budgets_prefix on budgets (prefix) where prefix is not null',
  `create table spending_switch (
    is_only boolean primary key default true check (is_only),
    paused_at timestamptz(3),
    paused_by text
  )`,
  'insert into spending_switch default values',
  `create function spending_scopes(owner_id text, key_id text) returns table (scope text) language sql stable as $$
    select 'all'
    union all select 'owner:' || owner_id where owner_id is not null
    union all select 'key:' || key_id where key_id is not null
    union all select budgets.scope from budgets where prefix is not null and starts_with(owner_id, prefix)
  $$`,
  `create function to_nano_usd(usd float8) returns bigint language sql immutable as $$
    select round(usd::numeric * 1000000000)::bigint
  $$`,
  `create function add_spending(owner_id text, key_id text, moment timestamptz, added_nano_usd bigint) returns void
  language sql as $$
    insert into spending (scope, period, starts, nano_usd)
    select scope, period, date_trunc(period, moment at time zone 'UTC')::date, added_nano_usd
    from spending_scopes(owner_id, key_id) as scopes cross join (values ('day'), ('month')) as periods (period)
    where added_nano_usd <> 0
    order by scope collate "C", period collate "C"
    on conflict (scope, period, starts) do update set nano_usd = spending.nano_usd + excluded.nano_usd
  $$`,
  `create function count_attempt() returns trigger language plpgsql as $$ begin
    perform add_spending(
      (select owner_id from generations where id = new.generation_id), new.key_id, new.started_at,
      to_nano_usd(new.cost_usd) - case when tg_op = 'UPDATE' then to_nano_usd(old.cost_usd) else 0 end);
    return null;
  end $$`,
  `create function count_embedding_call() returns trigger language plpgsql as $$ begin
    perform add_spending(new.owner_id, new.key_id, new.started_at,
      to_nano_usd(new.cost_usd) - case when tg_op = 'UPDATE' then to_nano_usd(old.cost_usd) else 0 end);
    return null;
  end $$`,
  ...['attempts', 'embedding_calls'].flatMap((table) => {
    const count = table === 'attempts' ? 'count_attempt' : 'count_embedding_call'
    return [
      `create trigger ${table}_spending_new after insert on ${table} for each row execute function ${count}()`,
      `create trigger ${table}_spending_settled after update of cost_usd on ${table} for each row
        when (old.cost_usd is distinct from new.cost_usd) execute function ${count}()`,
    ]
  }),
  // Whoever writes calls waits for the trigger's lock from here on, so none is left out and none is counted twice.
  `insert into spending (scope, period, starts, nano_usd)
    select scope, period, date_trunc(period, attempts.started_at at time zone 'UTC')::date, sum(to_nano_usd(attempts.cost_usd))
    from attempts join generations on generations.id = attempts.generation_id
    cross join lateral (values ('all'), ('owner:' || generations.owner_id)) as scopes (scope)
    cross join (values ('day'), ('month')) as periods (period)
    where attempts.started_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' and attempts.cost_usd > 0
    group by 1, 2, 3`,
]
