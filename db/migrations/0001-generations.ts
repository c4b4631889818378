import { type Kysely, sql } from 'kysely'

/**
 * Users and their images, generations with their attempts and events, and clients' idempotency keys.
 * Times have the milliseconds that JavaScript has: a finer one would not survive a page cursor.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await createUsers(db)
  await createImageMetadata(db)
  await createGenerations(db)
  await createAttempts(db)
  await createIdempotencyKeys(db)
  await createGenerationEvents(db)
}

const createUsers = (db: Kysely<unknown>) =>
  db.schema
    .createTable('users')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('createdAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .execute()

const createImageMetadata = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('imageMetadata')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('userId', 'text', (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('imageUrl', 'text', (column) => column.notNull())
    .addColumn('imageType', 'text', (column) =>
      column.notNull().check(sql`image_type in ('generated', 'user_uploaded', 'placeholder')`),
    )
    .addColumn('prompt', 'text')
    .addColumn('generatedAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('objectKey', 'text')
    .addColumn('mimeType', 'text')
    .addColumn('sizeBytes', 'integer')
    .addColumn('width', 'integer')
    .addColumn('height', 'integer')
    .addColumn('thumbhash', 'text')
    .addColumn('contentDigest', 'text')
    .addColumn('sourceDigest', 'text')
    .execute()
  await sql`create index image_metadata_user_id on image_metadata (user_id, generated_at desc, id desc)`.execute(
    db,
  )
  await sql`create index image_metadata_user_id_type on image_metadata (user_id, image_type, generated_at desc, id desc)`.execute(
    db,
  )
}

const createGenerations = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('generations')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('ownerId', 'text', (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('revision', 'text')
    .addColumn('status', 'text', (column) =>
      column
        .notNull()
        .check(sql`status in ('queued', 'running', 'succeeded', 'failed', 'canceled')`),
    )
    .addColumn('lane', 'text', (column) =>
      column.notNull().check(sql`lane in ('interactive', 'eager')`),
    )
    .addColumn('prompt', 'text', (column) => column.notNull())
    .addColumn('transformation', 'text', (column) => column.notNull())
    .addColumn('conditionImageId', 'text')
    .addColumn('conditionImageDigest', 'text')
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('aspectRatio', 'text')
    .addColumn('imageSize', 'text', (column) => column.notNull())
    .addColumn('variant', 'text')
    .addColumn('objectKey', 'text', (column) => column.notNull().unique())
    .addColumn('imageId', 'text', (column) =>
      column.references('imageMetadata.id').onDelete('set null'),
    )
    .addColumn('reuseSource', 'text')
    .addColumn('costUsd', 'float8', (column) => column.notNull().defaultTo(0))
    .addColumn('paidCalls', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('ambiguousCalls', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('claims', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('fence', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('workerId', 'text')
    .addColumn('leaseExpiresAt', 'timestamptz(3)')
    .addColumn('runAfter', 'timestamptz(3)')
    .addColumn('enqueuedAt', 'timestamptz(3)')
    .addColumn('place', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('errorCode', 'text')
    .addColumn('errorMessage', 'text')
    .addColumn('errorRetryable', 'boolean')
    .addColumn('eventSequence', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('createdAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('queuedAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('startedAt', 'timestamptz(3)')
    .addColumn('finishedAt', 'timestamptz(3)')
    .execute()
  for (const index of generationIndexes) await sql.raw(index).execute(db)
}

/** The partial ones hold only the rows in flight, so the sweeper and the queue position stay cheap for ever. */
const generationIndexes = [
  'create index generations_fingerprint on generations (fingerprint, status, finished_at desc)',
  'create index generations_owner on generations (owner_id, created_at desc, id desc)',
  'create index generations_image on generations (image_id) where image_id is not null',
  `create index generations_queued on generations (lane, place, queued_at) where status = 'queued'`,
  `create index generations_in_flight on generations (owner_id) where status in ('queued', 'running')`,
  `create index generations_leases on generations (lease_expires_at) where status = 'running'`,
]

const createAttempts = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('attempts')
    .addColumn('id', 'bigint', (column) => column.primaryKey().generatedAlwaysAsIdentity())
    .addColumn('generationId', 'text', (column) =>
      column.notNull().references('generations.id').onDelete('cascade'),
    )
    .addColumn('fence', 'integer', (column) => column.notNull())
    .addColumn('workerId', 'text', (column) => column.notNull())
    .addColumn('provider', 'text', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('startedAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('finishedAt', 'timestamptz(3)')
    .addColumn('outcome', 'text')
    .addColumn('mayHaveCharged', 'boolean', (column) => column.notNull().defaultTo(true))
    .addColumn('costUsd', 'float8', (column) => column.notNull().defaultTo(0))
    .execute()
  await sql`create index attempts_generation on attempts (generation_id, id)`.execute(db)
}

const createIdempotencyKeys = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('idempotencyKeys')
    .addColumn('ownerId', 'text', (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('key', 'text', (column) => column.notNull())
    .addColumn('requestDigest', 'text', (column) => column.notNull())
    .addColumn('generationId', 'text', (column) => column.notNull())
    .addColumn('createdAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('expiresAt', 'timestamptz(3)', (column) => column.notNull())
    .addPrimaryKeyConstraint('idempotency_keys_pkey', ['ownerId', 'key'])
    .execute()
  await sql`create index idempotency_keys_expires on idempotency_keys (expires_at)`.execute(db)
}

const createGenerationEvents = async (db: Kysely<unknown>) => {
  await db.schema
    .createTable('generationEvents')
    .addColumn('id', 'bigint', (column) => column.primaryKey().generatedAlwaysAsIdentity())
    .addColumn('ownerId', 'text', (column) =>
      column.notNull().references('users.id').onDelete('cascade'),
    )
    .addColumn('generationId', 'text', (column) =>
      column.references('generations.id').onDelete('cascade'),
    )
    .addColumn('sequence', 'integer')
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('data', 'jsonb', (column) => column.notNull().defaultTo(sql`'{}'::jsonb`))
    .addColumn('createdAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .execute()
  await sql`create unique index generation_events_sequence on generation_events (generation_id, sequence) where sequence is not null`.execute(
    db,
  )
  await sql`create index generation_events_created on generation_events (created_at)`.execute(db)
}
