import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { beginErasure, claimErasure } from '../../src/features/owners/erasures.ts'
import { finishErasure } from '../../src/features/owners/finish-erasure.ts'
import { listBudgets, setBudget } from '../../src/features/spending/budgets.ts'
import { deleteOldSpending } from '../../src/features/spending/maintenance.ts'
import { insertOwnerIfNew } from '../../src/generation/submit/idempotency.ts'
import { findMentions } from '../support/find-mentions.ts'
import { insertGeneration, insertImage, openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

test('an erasure is not over, and takes nothing, while a generation or an image is left', async () => {
  const { db } = database
  const { id } = await insertGeneration(db, { ownerId: 'alice' })
  await insertImage(db, { id: 'i_left', objectKey: 'uploads/left' })
  await beginErasure(db, 'alice', 'owner')
  const erasure = await claimErasure(db)
  if (!erasure) throw new Error('none was begun')
  const listUsers = () => db.selectFrom('users').select('id').where('id', '=', 'alice').execute()
  expect(await finishErasure(db, erasure)).toBe(false)
  await db.deleteFrom('generations').where('id', '=', id).execute()
  expect(await finishErasure(db, erasure)).toBe(false)
  expect(await listUsers()).toHaveLength(1)
  await db.deleteFrom('imageMetadata').where('id', '=', 'i_left').execute()
  expect(await finishErasure(db, erasure)).toBe(true)
  expect(await listUsers()).toEqual([])
})

test('who was erased and comes back has spent what was spent before, under the limit that was set, and is named nowhere meanwhile', async () => {
  const { db } = database
  const owner = 'mallory@example.org'
  const erase = async () => {
    await beginErasure(db, owner, 'owner')
    const erasure = await claimErasure(db)
    if (!erasure) throw new Error('none was begun')
    expect(await finishErasure(db, erasure)).toBe(true)
  }
  const spendAs = (scope: string, nano: number, day: string) => sql`
    insert into spending (scope, period, starts, nano_usd)
    select ${scope}, period, date_trunc(period, ${day}::date)::date, ${nano}::bigint
    from (values ('day'), ('month')) as periods (period)
    on conflict (scope, period, starts) do update set nano_usd = spending.nano_usd + excluded.nano_usd`
  const readSums = async () => {
    const { rows } = await sql<{ period: string; nano: number }>`
      select period, nano_usd::int as nano from spending
      where scope = ${`owner:${owner}`} order by period`.execute(db)
    return Object.fromEntries(rows.map(({ period, nano }) => [period, nano]))
  }
  const today = new Date().toISOString().slice(0, 10)
  await insertOwnerIfNew(db, owner)
  await setBudget(db, `owner:${owner}`, { dailyUsd: 5 })
  await spendAs(`owner:${owner}`, 300, today).execute(db)
  await spendAs(`owner:${owner}`, 1_000, '2020-01-01').execute(db)
  await erase()
  expect(await findMentions(db, [owner])).toEqual([])
  // Twice in one period: what was spent in between is added.
  await insertOwnerIfNew(db, owner)
  expect(await readSums()).toEqual({ day: 300, month: 300 })
  await spendAs(`owner:${owner}`, 50, today).execute(db)
  await erase()
  await insertOwnerIfNew(db, owner)
  expect(await readSums()).toEqual({ day: 350, month: 350 })
  expect(await listBudgets(db)).toMatchObject([{ scope: `owner:${owner}`, dailyUsd: 5 }])
  // Another owner's are another's.
  await insertOwnerIfNew(db, 'bob@example.org')
  expect(await readSums()).toEqual({ day: 350, month: 350 })
})

test('what an erased owner has spent is forgotten when its period is over', async () => {
  const { db } = database
  const ended = { ownerDigest: 'd', period: 'day' as const, starts: '2020-01-01', nanoUsd: 1 }
  await db.insertInto('erasedSpending').values(ended).execute()
  await db
    .insertInto('erasedBudgets')
    .values({ ownerDigest: 'd', dailyNanoUsd: 1, monthlyNanoUsd: null, ends: '2020-02-01' })
    .execute()
  expect(await deleteOldSpending(db)).toMatchObject({ erased: 2 })
})
