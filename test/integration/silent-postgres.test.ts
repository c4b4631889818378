import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { DatabaseAway } from '../../db/away.ts'
import { createDatabase, type Database } from '../../db/database.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { waitFor } from '../support/wait-for.ts'

let database: TestDatabase
let proxy: Awaited<ReturnType<typeof startPostgresProxy>>
let db: Database

const open = (timeouts: { statementTimeoutMs?: number; silenceMs?: number }): Database =>
  createDatabase({ url: proxy.url, poolSize: 1, onIdleError: () => {}, ...timeouts })

beforeEach(async () => {
  database = await createTestDatabase()
  proxy = await startPostgresProxy(database.url)
  db = open({ statementTimeoutMs: 100 })
})
afterEach(async () => {
  await db.destroy()
  await proxy.close()
  await database.drop()
})

const ask = (of = db) => of.selectNoFrom((eb) => eb.lit(1).as('one')).execute()

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
  await waitFor(() => ask(), { what: 'an answer' })
})

describe('where silence is not waited out', () => {
  let impatient: Database

  beforeEach(() => {
    impatient = open({ silenceMs: 2_000 })
  })
  afterEach(() => impatient.destroy())

  test('statements and callers who wait for a connection are given up, and answered again later', async () => {
    await ask(impatient)
    proxy.swallow()
    const answers = await Promise.allSettled([ask(impatient), ask(impatient)])
    const reasons = answers.map((answer) => answer.status === 'rejected' && answer.reason)
    expect(reasons).toEqual([expect.any(DatabaseAway), expect.any(DatabaseAway)])
    await proxy.mend()
    expect(await waitFor(() => ask(impatient), { what: 'an answer' })).toEqual([{ one: 1 }])
  })

  test('a statement that takes longer is waited for, as Postgres answers beside it', async () => {
    const { rows } = await sql<{ one: number }>`select 1 as one from pg_sleep(3)`.execute(impatient)
    expect(rows).toEqual([{ one: 1 }])
  })
})
