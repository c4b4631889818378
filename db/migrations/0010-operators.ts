import { type Kysely, sql } from 'kysely'

/**
 * What operators look at: everybody's generations by time, the failed ones among them, the steps of an attempt, and
 * the workers that are alive. Making the two indexes holds up writes, for about two seconds a million generations.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const index of generationIndexes) await sql.raw(index).execute(db)
  await db.schema.alterTable('attempts').addColumn('steps', 'jsonb').execute()
  await db.schema
    .createTable('workers')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('pid', 'integer', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('concurrency', 'integer', (column) => column.notNull())
    .addColumn('running', 'integer', (column) => column.notNull())
    .addColumn('breaker', 'text', (column) => column.notNull())
    .addColumn('startedAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .addColumn('seenAt', 'timestamptz(3)', (column) => column.notNull().defaultTo(sql`now()`))
    .execute()
}

/** Failures are few among many, and are what is looked for most. */
const generationIndexes = [
  'create index generations_created on generations (created_at desc, id desc)',
  `create index generations_ended_badly on generations (created_at desc, id desc) where status in ('failed', 'canceled')`,
]
