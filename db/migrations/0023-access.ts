import { type Kysely, sql } from 'kysely'

/**
 * Keys of owners and back ends (ADR 48), and sessions that were ended before their time (ADR 49). No column of `access_keys` may refer
 * to `users`: a key is made before its owner has ever called.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table access_keys (
    id text primary key,
    digest bytea not null check (length(digest) = 32),
    prefix text not null,
    name text not null,
    owner_id text,
    namespace text,
    scopes text[] not null check (cardinality(scopes) > 0),
    models text[],
    sizes text[],
    lanes text[],
    origins text[],
    per_minute integer check (per_minute > 0),
    created_by text not null,
    created_at timestamptz(3) not null default now(),
    expires_at timestamptz(3),
    revoked_at timestamptz(3),
    last_used_at timestamptz(3)
  )`,
  'create index access_keys_newest on access_keys (created_at desc, id desc)',
  `create table ended_sessions (
    subject text primary key,
    ended_at timestamptz(3) not null default now()
  )`,
  'create index ended_sessions_oldest on ended_sessions (ended_at)',
]
