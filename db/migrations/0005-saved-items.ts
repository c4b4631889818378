import { type Kysely, sql } from 'kysely'

/**
 * What owners save, with what is needed to make its image. The generation is named without a foreign key: while
 * Postgres was away its row may still have to be made.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .createTable('savedItems')
    .addColumn('ownerId', 'text', (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('title', 'text')
    .addColumn('prompt', 'text')
    .addColumn('imageUrl', 'text')
    .addColumn('generationId', 'text')
    .addColumn('conditionImageId', 'text')
    .addColumn('transformation', 'text')
    .addColumn('aspectRatio', 'text')
    .addColumn('imageSize', 'text')
    .addColumn('model', 'text')
    .addColumn('variant', 'text')
    .addColumn('data', 'text')
    .addColumn('revision', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('createdAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('updatedAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('saved_items_pkey', ['ownerId', 'id'])
    .execute()
  for (const index of savedItemIndexes) await sql.raw(index).execute(db)
}

const savedItemIndexes = [
  'create index saved_items_owner on saved_items (owner_id, created_at desc, id desc)',
  'create index saved_items_generation on saved_items (generation_id) where generation_id is not null',
]
