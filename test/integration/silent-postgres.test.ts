import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { DatabaseAway } from '../../db/away.ts'
import { createDatabase, type Database } from '../../db/database.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

let database: TestDatabase
let proxy: Awaited<ReturnType<typeof startPostgresProxy>>
let db: Database

beforeEach(async () => {
  database = await createTestDatabase()
  proxy = await startPostgresProxy(database.url)
  db = createDatabase({
    url: proxy.url,
    poolSize: 1,
    onIdleError: () => {},
    statementTimeoutMs: 100,
  })
})
afterEach(async () => {
  await db.destroy()
  await proxy.close()
  await database.drop()
})

const ask = () => db.selectNoFrom((eb) => eb.lit(1).as('one')).execute()

test('a connection whose other end is gone without a word is not used again', async () => {
  await ask()
  proxy.swallow()
  await expect(ask()).rejects.toThrow(DatabaseAway)
  await proxy.mend()
  expect(await ask()).toEqual([{ one: 1 }])
})

test('nor is one within a transaction', async () => {
  await ask()
  const lost = db.transaction().execute(async (tx) => {
    proxy.swallow()
    await tx.selectNoFrom((eb) => eb.lit(1).as('one')).execute()
  })
  await expect(lost).rejects.toThrow(DatabaseAway)
  await proxy.mend()
  await waitFor(ask, { what: 'an answer' })
})
