import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createDatabase as createDatabaseClient, type Database } from '../../db/database.ts'
import { findPendingMigrations, migrateToLatest } from '../../db/migrate.ts'
import { isQueueMigrated, migrateQueue } from '../../src/adapters/queue/prepare.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { countBlocked } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

const ONLINE = '0029-lighter-writes'

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

test('one that makes indexes online and was cut off is begun again, beside who keeps a snapshot', async () => {
  await migrateToLatest(empty.url)
  const [db, holder] = [1, 2].map(() =>
    createDatabaseClient({ url: empty.url, poolSize: 1, onIdleError: () => {} }),
  ) as [Database, Database]
  const change = (text: string) => sql.raw(text).execute(db)
  // With those after it: none is applied before one that comes earlier.
  await change(`delete from kysely_migration where name >= '${ONLINE}'`)
  const pending = await findPendingMigrations(empty.url)
  // As one that was cut off leaves them: half made, and not begun.
  await change(
    `update pg_index set indisvalid = false
      where indexrelid in ('generations_asked'::regclass, 'generations_detail_images'::regclass)`,
  )
  await change('drop index generations_newest')
  await change(
    'alter table generations add constraint generations_object_key_key unique (object_key)',
  )
  const applied = await holder.transaction().execute(async (tx) => {
    await sql`set transaction isolation level repeatable read`.execute(tx)
    await sql`select from users`.execute(tx)
    const migrating = [1, 2, 3].map(() => migrateToLatest(empty.url))
    await waitFor(async () => (await countBlocked(db)) > 0, { what: 'it to wait for the snapshot' })
    return { migrating }
  })
  expect((await Promise.all(applied.migrating)).flat()).toEqual(pending)
  const { rows } = await sql<{ name: string; isValid: boolean }>`
    select indexrelid::regclass::text as name, indisvalid as is_valid from pg_index
    where indrelid = 'generations'::regclass`.execute(db)
  expect(rows.filter(({ isValid }) => !isValid)).toEqual([])
  const names = rows.map(({ name }) => name)
  const made = ['generations_asked', 'generations_newest', 'generations_detail_images']
  expect(names).toEqual(expect.arrayContaining(made))
  expect(names).not.toContain('generations_object_key_key')
  await Promise.all([db.destroy(), holder.destroy()])
})

test("the queue's own tables are missed until they are there", async () => {
  expect(await isQueueMigrated(empty.url)).toBe(false)
  await Promise.all([migrateQueue(empty.url), migrateQueue(empty.url)])
  expect(await isQueueMigrated(empty.url)).toBe(true)
})
