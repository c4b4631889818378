import { type Kysely, sql } from 'kysely'

/**
 * What was paid for besides a generation's image; whether a prompt is as it was written (up to 0.1 it was normalised by NFKC),
 * and what came with an `Idempotency-Key`, to the letter. No table is rewritten.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table surplus_objects (
    generation_id text not null references generations (id) on delete cascade,
    attempt_id bigint not null,
    digest text not null,
    kind text not null check (kind in ('picture', 'unreadable')),
    mime_type text,
    reason text,
    size_bytes integer not null,
    object_key text not null,
    created_at timestamptz(3) not null default now(),
    primary key (generation_id, attempt_id, digest))`,
  'create index surplus_objects_object_key on surplus_objects (object_key)',
  // The release before inserts without it.
  'alter table generations add column is_prompt_as_written boolean not null default false',
  'alter table idempotency_keys add column sent_digest text',
]
