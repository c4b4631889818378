import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createDatabase as createDatabaseClient } from '../../db/database.ts'
import { findPendingMigrations, migrateToLatest } from '../../db/migrate.ts'
import { isQueueMigrated, migrateQueue } from '../../src/adapters/queue/prepare.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'

let empty: TestDatabase

beforeEach(async () => {
  empty = await createDatabase(process.env.TEST_DATABASE_URL ?? '')
})
afterEach(() => empty.drop())

test('three that migrate at once apply each migration once', async () => {
  const pending = await findPendingMigrations(empty.url)
  expect(pending.length).toBeGreaterThan(0)
  const applied = await Promise.all([1, 2, 3].map(() => migrateToLatest(empty.url)))
  expect(applied.flat().sort()).toEqual(pending)
  expect(await findPendingMigrations(empty.url)).toEqual([])
  expect(await migrateToLatest(empty.url)).toEqual([])
})

test('an earlier release, rolled back to, has nothing to migrate on the schema of a later one', async () => {
  await migrateToLatest(empty.url)
  const db = createDatabaseClient({ url: empty.url, poolSize: 1, onIdleError: () => {} })
  const at = new Date().toISOString()
  await sql`insert into kysely_migration (name, timestamp) values ('9999-later', ${at})`.execute(db)
  await db.destroy()
  expect(await findPendingMigrations(empty.url)).toEqual([])
  expect(await migrateToLatest(empty.url)).toEqual([])
})

test("the queue's own tables are missed until they are there", async () => {
  expect(await isQueueMigrated(empty.url)).toBe(false)
  await Promise.all([migrateQueue(empty.url), migrateQueue(empty.url)])
  expect(await isQueueMigrated(empty.url)).toBe(true)
})
