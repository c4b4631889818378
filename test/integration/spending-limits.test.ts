import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { createDatabase, type Database } from '../../db/database.ts'
import type { GenerationRow } from '../../db/schema.ts'
import type { SpendingScope } from '../../src/contract/spending.ts'
import { createPaidEmbedder } from '../../src/features/similarity/paid-embedder.ts'
import { removeBudget, setBudget } from '../../src/features/spending/budgets.ts'
import { measureSpending, readSpending } from '../../src/features/spending/report.ts'
import { pauseSpending, resumeSpending } from '../../src/features/spending/switch.ts'
import {
  type Ending,
  recordAdoption,
  recordIntent,
  recordOutcome,
} from '../../src/generation/run/attempts.ts'
import type { BudgetSettings } from '../../src/generation/state/spending-limits.ts'
import { EmbeddingError } from '../../src/lib/errors.ts'
import { NO_BUDGETS } from '../support/budgets.ts'
import { countLockWaits, openTestDatabase } from '../support/rows.ts'
import { insertStanding } from '../support/standings.ts'
import { findMiscounted } from '../support/sums.ts'
import { waitFor } from '../support/wait-for.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
/** As many connections as a few workers have. */
let db: Database

const OWNER = 'app1:7'
const KEY = 'k1'
const HELD_USD = 0.03
const HELD_NANO_USD = 30_000_000

beforeAll(async () => {
  database = await openTestDatabase()
  db = createDatabase({ url: database.url, poolSize: 24, onIdleError: () => {} })
  await db
    .insertInto('users')
    .values([{ id: OWNER }, { id: 'app2:7' }])
    .execute()
})
afterAll(async () => {
  await db.destroy()
  await database.close()
})
beforeEach(async () => {
  await db.deleteFrom('attempts').execute()
  await db.deleteFrom('embeddingCalls').execute()
  await db.deleteFrom('generations').execute()
  await db.deleteFrom('budgets').execute()
  await db.deleteFrom('spending').execute()
})

const NONE = {
  claims: 0,
  attempts: 0,
  paidCalls: 0,
  ambiguousCalls: 0,
  lostClaims: 0,
  costNanoUsd: 0,
}

const insertClaim = (ownerId = OWNER, keyId: string | null = KEY): Promise<GenerationRow> =>
  insertStanding(db, 'live lease', { ...NONE, ownerId, keyId })

const intend = async (given: { claim?: GenerationRow; settings?: BudgetSettings } = {}) => {
  const claim = given.claim ?? (await insertClaim())
  const intent = await recordIntent(db, claim, HELD_NANO_USD, given.settings ?? NO_BUDGETS)
  return { claim, intent }
}

const readSums = async () =>
  Object.fromEntries(
    (await db.selectFrom('spending').selectAll().execute()).map(({ scope, period, nanoUsd }) => [
      `${scope} ${period}`,
      Number(nanoUsd) / 1e9,
    ]),
  )

const ending = (given: Partial<Ending>): Ending => ({
  outcome: 'image',
  mayHaveCharged: true,
  isAmbiguous: false,
  costNanoUsd: 20_000_000,
  isEstimate: false,
  ...given,
})

type Limit = { scope: SpendingScope; period: 'day' | 'month'; isSetting?: true }

// biome-ignore format: a table
const LIMITS: Limit[] = [
  { scope: 'all',              period: 'day' },
  { scope: 'all',              period: 'month' },
  { scope: 'prefix:app1:',     period: 'day' },
  { scope: 'prefix:app1:',     period: 'month' },
  { scope: `owner:${OWNER}`,   period: 'day' },
  { scope: `owner:${OWNER}`,   period: 'month' },
  { scope: `key:${KEY}`,       period: 'day' },
  { scope: `key:${KEY}`,       period: 'month' },
  { scope: 'all',              period: 'day',   isSetting: true },
  { scope: 'all',              period: 'month', isSetting: true },
  { scope: `owner:${OWNER}`,   period: 'day',   isSetting: true },
  { scope: `owner:${OWNER}`,   period: 'month', isSetting: true },
]

/** Limits a scope and period to an amount; gives the settings to go by. */
const limit = async ({ scope, period, isSetting }: Limit, usd: number): Promise<BudgetSettings> => {
  const budget = period === 'day' ? { dailyUsd: usd } : { monthlyUsd: usd }
  if (!isSetting) {
    await setBudget(db, scope, budget)
    return NO_BUDGETS
  }
  return scope === 'all' ? { everyone: budget, eachOwner: {} } : { everyone: {}, eachOwner: budget }
}

/** How a call may end, what of its hold that leaves in the sums. */
// biome-ignore format: a table
const ENDINGS: { name: string; end: Ending | 'none' | 'adopted'; leftUsd: number }[] = [
  { name: 'an image, for less than was held', end: ending({}),                                                                     leftUsd: 0.02 },
  { name: 'an image, for more than was held', end: ending({ costNanoUsd: 35_000_000 }),                                                     leftUsd: 0.035 },
  { name: 'nothing, free of charge',          end: ending({ outcome: 'overloaded', mayHaveCharged: false, costNanoUsd: 0 }),           leftUsd: 0 },
  { name: 'a timeout',                        end: ending({ outcome: 'timeout', isAmbiguous: true, costNanoUsd: HELD_NANO_USD }),           leftUsd: HELD_USD },
  { name: 'a stop of ours',                   end: ending({ outcome: 'interrupted', isSpared: true, costNanoUsd: HELD_NANO_USD }),          leftUsd: HELD_USD },
  { name: 'the death of its worker',          end: 'none',                                                                         leftUsd: HELD_USD },
  { name: 'an adoption by a later worker',    end: 'adopted',                                                                      leftUsd: 0.02 },
]

describe.each(LIMITS)('a limit of $scope by $period, as a setting: $isSetting', (which) => {
  test('lets pass what it has room for to the nano-dollar, and no more', async () => {
    const settings = await limit(which, 2 * HELD_USD)
    expect((await intend({ settings })).intent).toEqual({ attemptId: expect.any(String) })
    expect((await intend({ settings })).intent).toEqual({ attemptId: expect.any(String) })
    const { claim, intent } = await intend({ settings })
    const { scope, period } = which
    expect(intent).toMatchObject({ stop: { scope, period, resetsAt: expect.any(Date) } })
    const after = await db
      .selectFrom('generations')
      .select(['attempts', 'paidCalls', 'costNanoUsd'])
      .where('id', '=', claim.id)
      .executeTakeFirst()
    expect(after).toEqual({ attempts: 0, paidCalls: 0, costNanoUsd: 0 })
    expect(await findMiscounted(db)).toEqual([])
  })

  test.each(ENDINGS)('goes by what is left of a hold after $name', async ({ end, leftUsd }) => {
    const settings = await limit(which, 2 * HELD_USD)
    const { claim, intent } = await intend({ settings })
    const { attemptId } = intent as { attemptId: string }
    if (end === 'adopted') {
      await recordAdoption(db, claim.id, { costNanoUsd: 20_000_000, isEstimate: false })
    } else if (end !== 'none') {
      await recordOutcome(db, claim.id, attemptId, end)
      await recordOutcome(db, claim.id, attemptId, ending({ costNanoUsd: 9_000_000_000 }))
    }
    expect((await readSums())[`${which.scope} ${which.period}`]).toBe(leftUsd)
    expect(await findMiscounted(db)).toEqual([])
    const { intent: next } = await intend({ settings })
    expect('stop' in (next as object)).toBe(leftUsd > HELD_USD)
  })
})

test.each([0, 0.029_999_999])('a limit of %s stops everything', async (dailyUsd) => {
  await setBudget(db, 'all', { dailyUsd })
  expect((await intend()).intent).toMatchObject({ stop: { scope: 'all' } })
  expect((await readSums())['all day'] ?? 0).toBe(0)
})

test('a limit is nobody else’s', async () => {
  for (const scope of ['prefix:app1:', `owner:${OWNER}`, `key:${KEY}`] as const) {
    await setBudget(db, scope, { dailyUsd: 0 })
  }
  const claim = await insertClaim('app2:7', 'k2')
  expect((await intend({ claim })).intent).toEqual({ attemptId: expect.any(String) })
  const alices = await insertClaim('alice', null)
  expect((await intend({ claim: alices })).intent).toEqual({ attemptId: expect.any(String) })
})

test('a row takes the place of the setting, period by period, and gives it back', async () => {
  const settings = { everyone: { dailyUsd: 0, monthlyUsd: 1 }, eachOwner: {} }
  expect((await intend({ settings })).intent).toMatchObject({ stop: { period: 'day' } })
  await setBudget(db, 'all', { dailyUsd: 1 })
  expect((await intend({ settings })).intent).toEqual({ attemptId: expect.any(String) })
  expect(await removeBudget(db, 'all')).toBe(true)
  expect(await removeBudget(db, 'all')).toBe(false)
  expect((await intend({ settings })).intent).toMatchObject({ stop: { period: 'day' } })
})

test('of several limits the one is told that lasts longest', async () => {
  await setBudget(db, 'all', { dailyUsd: 0 })
  await setBudget(db, `owner:${OWNER}`, { monthlyUsd: 0 })
  expect((await intend()).intent).toMatchObject({
    stop: { scope: `owner:${OWNER}`, period: 'month' },
  })
})

test.each<SpendingScope>(['all', 'prefix:app1:', `owner:${OWNER}`, `key:${KEY}`])(
  '200 at once pass a limit of %s by nothing',
  async (scope) => {
    await setBudget(db, scope, { dailyUsd: 20.5 * HELD_USD })
    const claims = await Promise.all(Array.from({ length: 200 }, () => insertClaim()))
    const intents = await Promise.all(
      claims.map((claim) => recordIntent(db, claim, HELD_NANO_USD, NO_BUDGETS)),
    )
    const allowed = intents.filter((intent) => typeof intent === 'object' && 'attemptId' in intent)
    expect(allowed).toHaveLength(20)
    expect((await readSums())[`${scope} day`]).toBeCloseTo(20 * HELD_USD, 9)
    expect(await findMiscounted(db)).toEqual([])
  },
)

test('intents, outcomes, budgets and the switch at once wait for each other in no circle, and sums stay right', async () => {
  const settings = { everyone: { dailyUsd: 1_000 }, eachOwner: { monthlyUsd: 1_000 } }
  const owners = [OWNER, 'app2:7', 'alice']
  const work = Array.from({ length: 150 }, async (_, index) => {
    const claim = await insertClaim(owners[index % 3], index % 2 ? KEY : null)
    const intent = await recordIntent(db, claim, HELD_NANO_USD, settings)
    if (typeof intent === 'string' || 'stop' in intent) return
    await Promise.all([
      recordOutcome(db, claim.id, intent.attemptId, ending({ costNanoUsd: 10_000_000 })),
      recordIntent(db, claim, HELD_NANO_USD, settings),
    ])
  })
  const meddling = Array.from({ length: 10 }, async (_, index) => {
    await setBudget(db, 'prefix:app', { dailyUsd: 100 + index })
    await setBudget(db, 'prefix:app1:', { dailyUsd: 100 + index })
    await pauseSpending(db, 'operator')
    await resumeSpending(db)
    if (index % 3 === 0) await removeBudget(db, 'prefix:app')
  })
  await Promise.all([...work, ...meddling])
  await setBudget(db, 'prefix:app', { dailyUsd: 100 })
  expect(await findMiscounted(db)).toEqual([])
})

test('a prefix that gets its limit while a call is being written down has that call in its sum', async () => {
  const claim = await insertClaim()
  const other = createDatabase({ url: database.url, poolSize: 1, onIdleError: () => {} })
  let setting: Promise<void> | undefined
  await other.transaction().execute(async (tx) => {
    await recordIntent(tx, claim, HELD_NANO_USD, NO_BUDGETS)
    setting = setBudget(db, 'prefix:app1:', { dailyUsd: 1 })
    await waitFor(async () => (await countLockWaits(db, 'spending')) > 0, {
      what: 'the budget to wait for the call',
    })
  })
  await setting
  await other.destroy()
  expect((await readSums())['prefix:app1: day']).toBe(HELD_USD)
  expect(await findMiscounted(db)).toEqual([])
})

test('what the release before writes is in the sums as well', async () => {
  const { id } = await insertClaim(OWNER, null)
  const { rows } = await sql<{ id: string }>`
    insert into attempts (generation_id, fence, worker_id, provider, model, cost_usd, held_usd, is_estimate)
    values (${id}, 1, 'w', 'gemini', 'm', 0.03, 0.03, true) returning id`.execute(db)
  await sql`update attempts set cost_usd = 0.01, outcome = 'image' where id = ${rows[0]?.id}`.execute(
    db,
  )
  expect(await readSums()).toEqual({
    ...{ 'all day': 0.01, 'all month': 0.01 },
    ...{ [`owner:${OWNER} day`]: 0.01, [`owner:${OWNER} month`]: 0.01 },
  })
})

test('a call of another key than it was asked for with later stays on the account of its own', async () => {
  const { claim, intent } = await intend()
  await db.updateTable('generations').set({ keyId: 'k2' }).where('id', '=', claim.id).execute()
  await recordOutcome(db, claim.id, (intent as { attemptId: string }).attemptId, ending({}))
  const sums = await readSums()
  expect([sums[`key:${KEY} day`], sums['key:k2 day']]).toEqual([0.02, undefined])
})

describe('the switch', () => {
  test('stops every intent once it is thrown, and lets them on again', async () => {
    await pauseSpending(db, 'operator')
    const { claim, intent } = await intend()
    expect(intent).toMatchObject({ stop: 'paused' })
    expect((await readSums())['all day'] ?? 0).toBe(0)
    expect(await recordIntent(db, claim, 0, NO_BUDGETS)).toEqual({ attemptId: expect.any(String) })
    await resumeSpending(db)
    expect((await intend()).intent).toEqual({ attemptId: expect.any(String) })
  })

  test('is not thrown before what is being written down is', async () => {
    const claim = await insertClaim()
    const other = createDatabase({ url: database.url, poolSize: 1, onIdleError: () => {} })
    let isPaused = false
    let pausing: Promise<unknown> | undefined
    await other.transaction().execute(async (tx) => {
      await recordIntent(tx, claim, HELD_NANO_USD, NO_BUDGETS)
      pausing = pauseSpending(db, 'operator').then(() => {
        isPaused = true
      })
      await waitFor(async () => (await countLockWaits(db, 'spending')) > 0, {
        what: 'the switch to wait for the call',
      })
      expect(isPaused).toBe(false)
    })
    await pausing
    await other.destroy()
    await resumeSpending(db)
  })

  test('stops an intent that comes while it is being thrown', async () => {
    const claim = await insertClaim()
    const other = createDatabase({ url: database.url, poolSize: 1, onIdleError: () => {} })
    let intent: Promise<unknown> | undefined
    await other.transaction().execute(async (tx) => {
      await sql`lock table spending in share row exclusive mode`.execute(tx)
      await tx.updateTable('spendingSwitch').set({ pausedAt: new Date() }).execute()
      intent = recordIntent(db, claim, HELD_NANO_USD, NO_BUDGETS)
      await waitFor(async () => (await countLockWaits(db, 'spending')) > 0, {
        what: 'the intent to wait for the switch',
      })
    })
    expect(await intent).toMatchObject({ stop: 'paused' })
    await other.destroy()
    await resumeSpending(db)
  })
})

describe('an embedding', () => {
  let calls = 0
  let fail: Error | undefined
  const open = () =>
    createPaidEmbedder(
      db,
      {
        source: 'gemini',
        model: 'm',
        dimensions: 1,
        estimateNanoUsd: () => 2_000_000,
        embed: async () => {
          calls++
          if (fail) throw fail
          return { vectors: [new Float32Array([1])], costNanoUsd: 1_000_000 }
        },
      },
      NO_BUDGETS,
    )
  const embed = () =>
    open().embed(['a'], new AbortController().signal, { ownerId: OWNER, keyId: KEY })

  beforeEach(() => {
    calls = 0
    fail = undefined
  })

  test('is held, and settled by what it cost', async () => {
    await embed()
    expect(await readSums()).toMatchObject({ 'all day': 0.001, [`key:${KEY} month`]: 0.001 })
    expect(await findMiscounted(db)).toEqual([])
  })

  test.each([
    { isFree: true, leftUsd: 0 },
    { isFree: false, leftUsd: 0.002 },
  ])(
    'that fails leaves $leftUsd where it is free of charge: $isFree',
    async ({ isFree, leftUsd }) => {
      fail = new EmbeddingError('failed', { isFree })
      await expect(embed()).rejects.toThrow('failed')
      expect((await readSums())['all day']).toBe(leftUsd)
    },
  )

  test.each<SpendingScope | 'the switch'>(['all', `owner:${OWNER}`, 'prefix:app1:', 'the switch'])(
    'is not sent where it would pass %s',
    async (scope) => {
      if (scope === 'the switch') await pauseSpending(db, 'operator')
      else await setBudget(db, scope, { dailyUsd: 0.0019 })
      await expect(embed()).rejects.toThrow('may be paid for now')
      expect(calls).toBe(0)
      await resumeSpending(db)
    },
  )
})

test('the report tells spent from held, and counts limits that are nearly reached', async () => {
  const settings = { ...NO_BUDGETS, eachOwner: { dailyUsd: 0.06 }, warnShare: 0.8 }
  const { claim, intent } = await intend({ settings })
  await recordOutcome(db, claim.id, (intent as { attemptId: string }).attemptId, ending({}))
  await intend({ settings })
  const { sums } = await readSpending(db, settings, { ownerId: OWNER, keyId: null })
  expect(sums).toMatchObject([
    { period: 'day', limitUsd: 0.06, spentUsd: 0.02, heldUsd: HELD_USD },
    { period: 'month', limitUsd: null, spentUsd: 0.02, heldUsd: HELD_USD },
  ])
  expect(await measureSpending(db, settings)).toMatchObject({ todayUsd: 0.05, lowBudgets: 1 })
})
