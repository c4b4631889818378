import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createDatabase, type Database } from '../../db/database.ts'
import type { GenerationRow } from '../../db/schema.ts'
import { createReuseLog } from '../../src/features/telemetry/reuse-log.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { insertGeneration, openTestDatabase } from '../support/rows.ts'

const MAX_ENTRIES = 10_000

let own: Awaited<ReturnType<typeof openTestDatabase>>
let proxy: Awaited<ReturnType<typeof startPostgresProxy>>
let db: Database
let row: GenerationRow

beforeEach(async () => {
  own = await openTestDatabase()
  const { id } = await insertGeneration(own.db)
  row = await own.db
    .selectFrom('generations')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  proxy = await startPostgresProxy(own.url)
  db = createDatabase({ url: proxy.url, poolSize: 10, onIdleError: () => {} })
})
afterEach(async () => {
  await proxy.mend()
  await db.destroy()
  await proxy.close()
  await own.close()
})

const open = () => {
  const errors: unknown[] = []
  let told = 0
  const reuseLog = createReuseLog(db, {
    log: () => {},
    onReuse: () => told++,
    onError: (error) => errors.push(error),
  })
  const record = (count: number) => {
    for (let n = 0; n < count; n++) reuseLog.record(row, { source: 'exact', savedUsd: 0.04 })
  }
  return { reuseLog, record, errors, countTold: () => told }
}

const countRecords = async (): Promise<number> => {
  const { count } = await own.db
    .selectFrom('generationEvents')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('type', '=', 'generation_skipped')
    .executeTakeFirstOrThrow()
  return Number(count)
}

test('every answer that cost nothing is recorded once, in whatever number they come', async () => {
  const { reuseLog, record, errors } = open()
  record(1_234)
  await reuseLog.close()
  record(1)
  await reuseLog.close()
  expect(await countRecords()).toBe(1_235)
  expect(errors).toEqual([])
})

test('of 30,000 that come while Postgres hears and says nothing 10,000 are held, and are recorded after', async () => {
  await db.selectFrom('users').select('id').execute()
  proxy.freeze()
  const { reuseLog, record, errors, countTold } = open()
  record(3 * MAX_ENTRIES)
  expect(countTold()).toBe(3 * MAX_ENTRIES)
  await proxy.mend()
  await reuseLog.close()
  expect(errors).toEqual([])
  expect(await countRecords()).toBe(MAX_ENTRIES)
})

test('what a Postgres that refuses connections does not take is reported, and the next batch goes on', async () => {
  await proxy.cut()
  const { reuseLog, record, errors } = open()
  record(3)
  await reuseLog.close()
  expect(errors).toHaveLength(1)
  await proxy.mend()
  record(2)
  await reuseLog.close()
  expect(await countRecords()).toBe(2)
})
