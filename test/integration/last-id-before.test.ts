import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { lastIdBefore } from '../../db/last-id-before.ts'
import { openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.db.deleteFrom('generationEvents').execute()
})

/** One a minute up to now, as many as that, and what was removed of them leaves gaps. */
const fill = async (minutes: number, isRemoved = sql`false`): Promise<void> => {
  await sql`insert into generation_events (owner_id, type, created_at)
    select 'alice', 'a test', now() - n * interval '1 minute'
    from generate_series(${minutes}::int, 0, -1) as n order by n desc`.execute(database.db)
  await sql`delete from generation_events where ${isRemoved}`.execute(database.db)
}

/** What halving finds, and what reading all of them does. */
const compare = async (minutesAgo: number) => {
  const moment = sql`now() - ${minutesAgo + 0.5}::float8 * interval '1 minute'`
  const table = { table: 'generation_events', time: 'created_at' } as const
  const { rows } = await sql<{ halved: number; read: number }>`
    select coalesce(${lastIdBefore(table, moment)}, 0)::int as halved, coalesce(
      (select max(id) from generation_events where created_at < ${moment}),
      (select min(id) - 1 from generation_events), 0)::int as read`.execute(database.db)
  return rows[0] ?? { halved: Number.NaN, read: 0 }
}

test.each([0, 1, 2, 3, 100])(
  'finds the last that is old enough among %i minutes',
  async (minutes) => {
    await fill(minutes)
    for (const ago of [-2, -1, 0, 1, 2, 37, 98, 99, 100, 200]) {
      const { halved, read } = await compare(ago)
      expect({ ago, halved }).toEqual({ ago, halved: read })
    }
  },
)

test('finds it among gaps', async () => {
  await fill(300, sql`id % 7 in (1, 2, 3, 5) or id % 90 between 10 and 60`)
  for (let ago = 0; ago < 310; ago += 13) {
    const { halved, read } = await compare(ago)
    expect({ ago, halved }).toEqual({ ago, halved: read })
  }
})

test('finds none in an empty table', async () => {
  expect(await compare(5)).toEqual({ halved: 0, read: 0 })
})
