import { type Kysely, sql } from 'kysely'

/**
 * Who is told when a generation ends, what they are told, and how each attempt went; and the source whose hook saved
 * an item, which is told of its generations.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await createEndpoints(db)
  await createDeliveries(db)
  await createAttempts(db)
  await db.schema
    .alterTable('savedItems')
    .addColumn('source', 'text')
    .addColumn('isEndUntold', 'boolean', (column) => column.notNull().defaultTo(false))
    .execute()
  for (const index of indexes) await sql.raw(index).execute(db)
}

const createEndpoints = (db: Kysely<unknown>) =>
  db.schema
    .createTable('webhookEndpoints')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('ownerId', 'text', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('source', 'text')
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('events', sql`text[]`, (column) => column.notNull())
    .addColumn('description', 'text')
    .addColumn('secret', 'text', (column) => column.notNull())
    .addColumn('previousSecret', 'text')
    .addColumn('previousSecretExpiresAt', 'timestamptz(3)')
    .addColumn('isEnabled', 'boolean', (column) => column.notNull().defaultTo(true))
    .addColumn('disabledReason', 'text')
    .addColumn('failingSince', 'timestamptz(3)')
    .addColumn('createdAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('updatedAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addCheckConstraint(
      'webhook_endpoints_belong_to_one',
      sql`(owner_id is null) <> (source is null)`,
    )
    .execute()

const createDeliveries = (db: Kysely<unknown>) =>
  db.schema
    .createTable('webhookDeliveries')
    .addColumn('id', 'text', (column) =>
      column.primaryKey().defaultTo(sql`'msg_' || replace(gen_random_uuid()::text, '-', '')`),
    )
    .addColumn('endpointId', 'text', (column) =>
      column.notNull().references('webhookEndpoints.id').onDelete('cascade'),
    )
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('generationId', 'text')
    .addColumn('eventSequence', 'integer')
    .addColumn('ownerId', 'text')
    .addColumn('itemId', 'text')
    .addColumn('snapshot', 'jsonb')
    .addColumn('status', 'text', (column) =>
      column
        .notNull()
        .defaultTo('pending')
        .check(sql`status in ('pending', 'delivered', 'failed')`),
    )
    .addColumn('failures', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('claims', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('nextAttemptAt', 'timestamptz(3)', (column) => column.defaultTo(sql`now()`))
    .addColumn('leaseExpiresAt', 'timestamptz(3)')
    .addColumn('createdAt', 'timestamptz(3)', (column) =>
      column.notNull().defaultTo(sql`clock_timestamp()`),
    )
    .execute()

const createAttempts = (db: Kysely<unknown>) =>
  db.schema
    .createTable('webhookAttempts')
    .addColumn('id', 'bigint', (column) => column.primaryKey().generatedAlwaysAsIdentity())
    .addColumn('deliveryId', 'text', (column) =>
      column.notNull().references('webhookDeliveries.id').onDelete('cascade'),
    )
    .addColumn('startedAt', 'timestamptz(3)', (column) => column.notNull())
    .addColumn('durationMs', 'integer', (column) => column.notNull())
    .addColumn('statusCode', 'integer')
    .addColumn('error', 'text')
    .addColumn('answer', 'text')
    .execute()

const indexes = [
  'create index webhook_endpoints_owner on webhook_endpoints (owner_id, created_at desc) where owner_id is not null',
  'create index webhook_endpoints_source on webhook_endpoints (source, created_at desc) where source is not null',
  'create index webhook_deliveries_due on webhook_deliveries (endpoint_id, next_attempt_at) where next_attempt_at is not null',
  'create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, created_at desc, id desc)',
  'create index webhook_deliveries_created on webhook_deliveries (created_at)',
  'create index webhook_attempts_delivery on webhook_attempts (delivery_id, id)',
  `create unique index webhook_deliveries_end on webhook_deliveries
    (endpoint_id, generation_id, event_sequence, coalesce(item_id, '')) where generation_id is not null`,
  'create index saved_items_untold on saved_items (updated_at) where is_end_untold',
]
