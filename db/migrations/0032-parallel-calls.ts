import { type Kysely, sql } from 'kysely'

/**
 * Which of several pictures each of the equal calls of a moment is (ADR 72), of keys that want it so. The counts of a moment are unlogged:
 * a crash may forget them, and they are seldom older than two seconds. What an `Idempotency-Key` was bound to is kept as long as that is. Safe to
 * repeat: it comes behind one that may be begun again.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `alter table access_keys add column if not exists variants text not null default 'one'
    check (variants in ('one', 'parallel'))`,
  `create unlogged table if not exists parallel_calls (
    key_id text not null,
    request text not null,
    tries integer not null,
    used integer not null,
    most integer not null,
    began_at timestamptz(3) not null,
    primary key (key_id, request, tries)
  )`,
  'create index if not exists parallel_calls_oldest on parallel_calls (began_at)',
  `create table if not exists parallel_wishes (
    key_id text not null,
    wish text not null,
    place integer not null,
    made_at timestamptz(3) not null default now(),
    primary key (key_id, wish)
  )`,
  'create index if not exists parallel_wishes_oldest on parallel_wishes (made_at)',
]
