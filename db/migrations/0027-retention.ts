import { type Kysely, sql } from 'kysely'

/**
 * When an image was last looked at, and since when that is known; and which prompts are digests (ADR 55). Columns with a constant
 * default or none: no table is rewritten.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'alter table image_metadata add column accessed_on date',
  'alter table installation add column accesses_since timestamptz(3) not null default now()',
  'alter table generations add column is_prompt_reduced boolean not null default false',
]
