import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { deleteOldSpending } from '../../src/features/spending/maintenance.ts'
import { openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeEach(async () => {
  database = await openTestDatabase()
})
afterEach(() => database.close())

test('sums and embedding calls go after 62 days, and the month that has just ended stays', async () => {
  const { db } = database
  for (const daysAgo of [0, 61, 64, 400]) {
    await sql`
      insert into embedding_calls (owner_id, model, started_at, held_usd, cost_usd)
      values ('alice', ${`of ${daysAgo}`}, now() - ${daysAgo}::int * interval '1 day', 0.5, 0.5)`.execute(
      db,
    )
  }
  const listModels = async () =>
    (await db.selectFrom('embeddingCalls').select('model').orderBy('id').execute()).map(
      ({ model }) => model,
    )
  const countSums = async () =>
    (
      await sql<{ count: number }>`
        select count(*)::int as count from spending where period = 'day' and scope = 'all'`.execute(
        db,
      )
    ).rows[0]?.count
  expect(await countSums()).toBe(4)
  expect(await deleteOldSpending(db)).toMatchObject({ calls: { deleted: 2 } })
  expect(await listModels()).toEqual(['of 0', 'of 61'])
  expect(await countSums()).toBe(2)
  expect(await deleteOldSpending(db)).toEqual({
    calls: { deleted: 0 },
    sums: { deleted: 0 },
    erased: 0,
  })
})
