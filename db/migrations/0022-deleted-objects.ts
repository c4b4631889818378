import { type Kysely, sql } from 'kysely'

/**
 * The objects of images that were deleted: a store that was away when it was to delete one may have it yet, and what a generation
 * finds of itself in the store must not bring it back (ADR 47). Half a second for a million generations.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  `create table deleted_objects (
    object_key text primary key,
    deleted_at timestamptz(3) not null default now()
  )`,
  `insert into deleted_objects (object_key)
    select object_key from generations where error_code = 'image_deleted' on conflict do nothing`,
]
