import { type Kysely, sql } from 'kysely'

/**
 * When the image of an item that a hook saved is to be asked for, and when at the latest, however often it is edited;
 * and the hooks that have been taken, so that none is taken twice.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await db.schema
    .alterTable('savedItems')
    .addColumn('askAfter', 'timestamptz(3)')
    .addColumn('askBefore', 'timestamptz(3)')
    .execute()
  await db.schema
    .createTable('hookDeliveries')
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('webhookId', 'text', (column) => column.notNull())
    .addColumn('receivedAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addPrimaryKeyConstraint('hook_deliveries_pkey', ['source', 'webhookId'])
    .execute()
  for (const index of hookIndexes) await sql.raw(index).execute(db)
}

const hookIndexes = [
  'create index saved_items_ask on saved_items (ask_after) where ask_after is not null',
  'create index hook_deliveries_received on hook_deliveries (received_at)',
]
