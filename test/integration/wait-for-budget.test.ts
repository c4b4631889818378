import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { createLocalProvider } from '../../src/adapters/providers/local.ts'
import { removeBudget, setBudget } from '../../src/features/spending/budgets.ts'
import { wakeIfSettingsChanged } from '../../src/features/spending/changed-settings.ts'
import { pauseSpending, resumeSpending } from '../../src/features/spending/switch.ts'
import { createProviders } from '../../src/generation/providers.ts'
import { recordIntent } from '../../src/generation/run/attempts.ts'
import { waitForBudget } from '../../src/generation/run/wait-for-budget.ts'
import { findStop } from '../../src/generation/state/find-stop.ts'
import { spendingStopped } from '../../src/generation/state/spending-limits.ts'
import type { AppError } from '../../src/lib/errors.ts'
import { toUsd } from '../../src/lib/money.ts'
import { NO_BUDGETS } from '../support/budgets.ts'
import { countBlocked, openTestDatabase } from '../support/rows.ts'
import { GIVE_UP_MS, insertStanding } from '../support/standings.ts'
import { waitFor } from '../support/wait-for.ts'

const MAY_COST_NANO_USD = 30_000_000

let database: Awaited<ReturnType<typeof openTestDatabase>>
let db: Database

beforeAll(async () => {
  database = await openTestDatabase()
  db = database.db
})
afterAll(() => database.close())
afterEach(async () => {
  await db.deleteFrom('budgets').execute()
  await resumeSpending(db)
})

const settingsOf = (dailyUsd: number) => ({ everyone: { dailyUsd }, eachOwner: {} })

const insertClaim = () => insertStanding(db, 'live lease', { lane: 'eager', paidCalls: 0 })
type Row = Awaited<ReturnType<typeof insertClaim>>

const refuse = async (claim: Row): Promise<AppError> => {
  const intent = await recordIntent(db, claim, MAY_COST_NANO_USD, NO_BUDGETS)
  if (typeof intent === 'string' || !('stop' in intent)) throw new Error('It was not stopped.')
  return spendingStopped(intent.stop, intent.asOf)
}

const wait = (claim: Row, failure: AppError) =>
  waitForBudget(
    {
      db,
      providers: createProviders([
        { ...createLocalProvider(), estimateNanoUsd: () => MAY_COST_NANO_USD },
      ]),
      budgets: NO_BUDGETS,
      giveUpMs: GIVE_UP_MS,
    },
    claim,
    'eager',
    failure,
  )

const readWait = async ({ id }: Row) => {
  const { rows } = await sql<{ status: string; isDue: boolean }>`
    select status, coalesce(run_after, now()) <= now() as is_due from generations where id = ${id}`.execute(
    db,
  )
  return rows[0]
}

const STOPS = [
  { name: 'the switch', stop: () => pauseSpending(db, 'ops'), lift: () => resumeSpending(db) },
  {
    name: 'a limit that is raised',
    stop: () => setBudget(db, 'owner:alice', { dailyUsd: 0 }),
    lift: () => setBudget(db, 'owner:alice', { dailyUsd: 100 }),
  },
  {
    name: 'a limit that is taken away',
    stop: () => setBudget(db, 'all', { monthlyUsd: 0 }),
    lift: () => removeBudget(db, 'all'),
  },
]

describe.each(STOPS)('eager work stopped by $name', ({ stop, lift }) => {
  test('waits, and is due once that is lifted', async () => {
    const claim = await insertClaim()
    await stop()
    await wait(claim, await refuse(claim))
    expect(await readWait(claim)).toEqual({ status: 'queued', isDue: false })
    await lift()
    expect(await readWait(claim)).toEqual({ status: 'queued', isDue: true })
  })

  test('is due at once where that was lifted before it could begin to wait', async () => {
    const claim = await insertClaim()
    await stop()
    const failure = await refuse(claim)
    await lift()
    await wait(claim, failure)
    expect(await readWait(claim)).toEqual({ status: 'queued', isDue: true })
  })

  test('is due once that is lifted while it begins to wait', async () => {
    const claim = await insertClaim()
    await stop()
    const failure = await refuse(claim)
    let lifting: Promise<unknown> | undefined
    let waiting: Promise<unknown> | undefined
    await db.transaction().execute(async (tx) => {
      await sql`select from generations where id = ${claim.id} for update`.execute(tx)
      waiting = wait(claim, failure)
      await waitFor(async () => (await countBlocked(db)) === 1, {
        what: 'it to be about to wait',
      })
      lifting = lift()
      await waitFor(async () => (await countBlocked(db)) === 2, {
        what: 'the change to wait for it',
      })
    })
    await Promise.all([waiting, lifting])
    expect(await readWait(claim)).toEqual({ status: 'queued', isDue: true })
  })

  test('is woken though another statement has its row', async () => {
    const claim = await insertClaim()
    await stop()
    await wait(claim, await refuse(claim))
    let lifting: Promise<unknown> | undefined
    await db.transaction().execute(async (tx) => {
      await sql`select from generations where id = ${claim.id} for update`.execute(tx)
      lifting = lift()
      await waitFor(async () => (await countBlocked(db)) === 1, {
        what: 'the wake to wait for the row',
      })
    })
    await lifting
    expect(await readWait(claim)).toEqual({ status: 'queued', isDue: true })
  })
})

test('what is found to stop a call is what stops its intent', async () => {
  const claim = await insertClaim()
  await setBudget(db, 'owner:alice', { dailyUsd: toUsd(MAY_COST_NANO_USD) })
  expect(await findStop(db, claim, MAY_COST_NANO_USD, NO_BUDGETS)).toBeUndefined()
  await recordIntent(db, claim, MAY_COST_NANO_USD, NO_BUDGETS)
  const found = await findStop(db, claim, 1, NO_BUDGETS)
  expect(found).toMatchObject({ code: 'budget_exceeded', message: (await refuse(claim)).message })
  expect(await findStop(db, { ...claim, ownerId: 'bob' }, 1, NO_BUDGETS)).toBeUndefined()
})

test('limits of the settings that are others at a start wake what waits, and the same ones nothing', async () => {
  await wakeIfSettingsChanged(db, settingsOf(1))
  const claim = await insertClaim()
  await pauseSpending(db, 'ops')
  await wait(claim, await refuse(claim))
  await db.updateTable('spendingSwitch').set({ pausedAt: null }).execute()
  expect(await wakeIfSettingsChanged(db, settingsOf(1))).toBe(false)
  expect(await readWait(claim)).toEqual({ status: 'queued', isDue: false })
  expect(await wakeIfSettingsChanged(db, settingsOf(2))).toBe(true)
  expect(await readWait(claim)).toEqual({ status: 'queued', isDue: true })
  expect(await wakeIfSettingsChanged(db, settingsOf(2))).toBe(false)
})
