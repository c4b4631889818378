import { randomBytes } from 'node:crypto'
import { type Insertable, sql } from 'kysely'
import { createDatabase, type Database } from '../../db/database.ts'
import type { NewGeneration, NewImage, Schema } from '../../db/schema.ts'
import { createTestDatabase } from './database.ts'

/** A database of the test's own, with a way to fill it by hand. */
export const openTestDatabase = async () => {
  const database = await createTestDatabase()
  const db = createDatabase({ url: database.url, poolSize: 4, onIdleError: () => {} })
  await db.insertInto('users').values({ id: 'alice' }).execute()
  const close = async () => {
    await db.destroy()
    await database.drop()
  }
  return { db, url: database.url, close }
}

export const newGenerationId = () => `g_${randomBytes(20).toString('hex')}`

/** A generation as it might stand there, with what the test says about it. */
export const insertGeneration = async (
  db: Database,
  given: Partial<NewGeneration> = {},
): Promise<{ id: string; objectKey: string }> => {
  const id = given.id ?? newGenerationId()
  const objectKey = `generated/${id}/${randomBytes(8).toString('hex')}`
  const row: NewGeneration = {
    id,
    ownerId: 'alice',
    fingerprint: id,
    revision: null,
    status: 'queued',
    lane: 'interactive',
    prompt: 'a test',
    transformation: 'generate',
    provider: 'local',
    model: 'local',
    imageSize: '1K',
    objectKey,
    ...given,
  }
  await db.insertInto('generations').values(row).execute()
  return { id, objectKey: row.objectKey }
}

/** A generation that succeeded, with its image. */
export const insertSuccess = async (
  db: Database,
  given: Partial<NewGeneration> = {},
): Promise<{ id: string; objectKey: string }> => {
  const generation = await insertGeneration(db, { status: 'succeeded', ...given })
  await insertImage(db, { ...generation, userId: given.ownerId ?? 'alice' })
  await db
    .updateTable('generations')
    .set({ imageId: generation.id })
    .where('id', '=', generation.id)
    .execute()
  return generation
}

export const insertImage = (
  db: Database,
  given: Partial<NewImage> & { id: string; objectKey: string },
): Promise<unknown> =>
  db
    .insertInto('imageMetadata')
    .values({
      userId: 'alice',
      imageUrl: `/images/${given.id}`,
      imageType: 'generated',
      contentDigest: 'd'.repeat(64),
      ...given,
    })
    .execute()

/** A comparison that found an image which reuse answers with, unless the test says otherwise. */
export const insertCheck = async (
  db: Database,
  given: Partial<Insertable<Schema['similarityChecks']>> & { generationId: string },
): Promise<void> => {
  const check = {
    ownerId: 'alice',
    mode: 'shadow' as const,
    model: 'a model',
    isMatch: true,
    similarity: 0.9,
    durationMs: 12,
    embeddingCostNanoUsd: 2000,
    ...given,
  }
  await db.insertInto('similarityChecks').values(check).execute()
}

/** How many connections wait for a lock on a table. */
export const countLockWaits = async (db: Database, table: string): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_locks
    where relation = ${table}::regclass and not granted`.execute(db)
  return rows[0]?.count ?? 0
}

/** How many connections to this database wait for a lock of any kind, also one on a row. */
export const countBlocked = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
  return rows[0]?.count ?? 0
}
