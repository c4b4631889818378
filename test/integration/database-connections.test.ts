import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createDatabase, type Database } from '../../db/database.ts'
import { producerPostgres } from '../../src/adapters/queue/open-queue.ts'
import { createQueuePool } from '../../src/adapters/queue/postgres-connections.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { waitFor } from '../support/wait-for.ts'

let database: TestDatabase
let db: Database

beforeEach(async () => {
  database = await createTestDatabase()
  db = createDatabase({ url: database.url, poolSize: 2, onIdleError: () => {} })
})
afterEach(async () => {
  await db.destroy()
  await database.drop()
})

test('a connection that ends between two statements of a transaction fails it, and nothing else', async () => {
  const broken = db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
    const pid = rows[0]?.pid ?? 0
    await sql`select pg_terminate_backend(${pid})`.execute(db)
    await waitFor(async () => !(await isConnected(pid)), { what: 'the connection to end' })
    await sql`select 1`.execute(tx)
  })
  await expect(broken).rejects.toThrow()
  expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
})

test('a connection of the queue that ends while BullMQ has it out ends no process', async () => {
  const { connection: pool, end } = createQueuePool(database.url, producerPostgres)
  const client = await pool.connect()
  const { rows } = await client.query('select pg_backend_pid() as pid')
  const ended = new Promise((resolve) => client.on('end', () => resolve(undefined)))
  await sql`select pg_terminate_backend(${rows[0].pid})`.execute(db)
  await ended
  await expect(client.query('select 1')).rejects.toThrow()
  client.release(true)
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  await end()
})

const isConnected = async (pid: number): Promise<boolean> => {
  const { rows } = await sql`select from pg_stat_activity where pid = ${pid}`.execute(db)
  return rows.length > 0
}
