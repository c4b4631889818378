import { type Kysely, sql } from 'kysely'

/** Which installation this database is the truth of (ADR 46). Of one row, which an upgrade makes too. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table installation (
    is_only boolean primary key default true check (is_only),
    id text not null default left(md5(gen_random_uuid()::text), 16) check (id ~ '^[0-9a-f]{16}$'),
    created_at timestamptz(3) not null default now()
  )`,
  'insert into installation default values',
]
