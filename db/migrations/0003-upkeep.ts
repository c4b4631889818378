import { type Kysely, sql } from 'kysely'

/** What the upkeep remembers: objects that nothing refers to, and when an image's object was last seen. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable('orphanObjects')
    .addColumn('objectKey', 'text', (column) => column.primaryKey())
    .addColumn('modifiedAt', 'timestamptz(3)', (column) => column.notNull())
    .addColumn('foundAt', 'timestamptz(3)', (column) => column.notNull())
    .execute()
  await db.schema
    .alterTable('imageMetadata')
    .addColumn('objectCheckedAt', 'timestamptz(3)')
    .execute()
  for (const index of imageIndexes) await sql.raw(index).execute(db)
}

const imageIndexes = [
  'create index image_metadata_object_key on image_metadata (object_key) where object_key is not null',
  'create index image_metadata_checked on image_metadata (object_checked_at nulls first, id) where object_key is not null',
]
