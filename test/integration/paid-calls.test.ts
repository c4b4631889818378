import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { GenerationRow } from '../../db/schema.ts'
import {
  type AttemptOutcome,
  type Ending,
  mayCallAgain,
  recordAdoption,
  recordIntent,
  recordOutcome,
} from '../../src/generation/run/attempts.ts'
import { NO_BUDGETS } from '../support/budgets.ts'
import { openTestDatabase } from '../support/rows.ts'
import { insertStanding, STANDINGS, type Standing } from '../support/standings.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

/** What is set aside for a call. */
const HELD_NANO_USD = 30_000_000

const readCounts = (id: string) =>
  database.db
    .selectFrom('generations')
    .select(['attempts', 'paidCalls', 'ambiguousCalls', 'costNanoUsd'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()

const listAttempts = (generationId: string) =>
  database.db
    .selectFrom('attempts')
    .select(['id', 'outcome', 'mayHaveCharged', 'costNanoUsd', 'isEstimate', 'fence', 'finishedAt'])
    .where('generationId', '=', generationId)
    .orderBy('id')
    .execute()

describe('the intent to pay', () => {
  // biome-ignore format: a table
  const cases: { spent: [attempts: number, paidCalls: number, ambiguousCalls: number]; isAllowed: boolean }[] = [
    { spent: [0, 0, 0], isAllowed: true },
    { spent: [2, 2, 0], isAllowed: true },
    { spent: [3, 3, 0], isAllowed: false },
    { spent: [1, 1, 1], isAllowed: true },
    { spent: [2, 2, 1], isAllowed: false },
    { spent: [2, 2, 2], isAllowed: false },
    { spent: [5, 0, 0], isAllowed: true },
    { spent: [6, 0, 0], isAllowed: false },
    { spent: [6, 2, 0], isAllowed: false },
  ]

  test.each(cases)(
    'after attempts, paid and ambiguous calls of $spent is allowed: $isAllowed',
    async ({ spent: [attempts, paidCalls, ambiguousCalls], isAllowed }) => {
      const spent = { attempts, paidCalls, ambiguousCalls }
      const claim = await insertStanding(database.db, 'live lease', { ...spent, costNanoUsd: 0 })
      const intent = await recordIntent(database.db, claim, HELD_NANO_USD, NO_BUDGETS)
      const more = isAllowed ? 1 : 0
      expect(intent).toEqual(isAllowed ? { attemptId: expect.any(String) } : 'capped')
      expect(await readCounts(claim.id)).toEqual({
        attempts: attempts + more,
        paidCalls: paidCalls + more,
        ambiguousCalls: ambiguousCalls + more,
        costNanoUsd: more * HELD_NANO_USD,
      })
      const held = {
        outcome: null,
        mayHaveCharged: true,
        costNanoUsd: HELD_NANO_USD,
        isEstimate: true,
      }
      expect(await listAttempts(claim.id)).toMatchObject(more ? [held] : [])
      expect(mayCallAgain(spent)).toBe(isAllowed)
    },
  )

  const fences = STANDINGS.flatMap((standing) =>
    [0, -1].map((behind) => ({
      standing,
      behind,
      isTheirs: behind === 0 && (standing === 'live lease' || standing === 'dead lease'),
    })),
  )

  test.each(fences)(
    'on $standing, with a fence $behind behind, is of the claim: $isTheirs',
    async ({ standing, behind, isTheirs }) => {
      const row = await insertStanding(database.db, standing, { paidCalls: 0, ambiguousCalls: 0 })
      const intent = await recordIntent(
        database.db,
        { ...row, fence: row.fence + behind },
        HELD_NANO_USD,
        NO_BUDGETS,
      )
      expect(intent).toEqual(isTheirs ? { attemptId: expect.any(String) } : 'claim_lost')
      expect((await readCounts(row.id)).paidCalls).toBe(isTheirs ? 1 : 0)
      expect(await listAttempts(row.id)).toHaveLength(isTheirs ? 1 : 0)
    },
  )

  test('is recorded once where many that hold the claim record it at the same moment', async () => {
    const claim = await insertStanding(database.db, 'live lease', {
      ...{ attempts: 0, paidCalls: 1, ambiguousCalls: 0 },
    })
    const intents = await Promise.all(
      Array.from({ length: 5 }, () => recordIntent(database.db, claim, HELD_NANO_USD, NO_BUDGETS)),
    )
    expect(intents.filter((intent) => intent !== 'capped')).toHaveLength(1)
    expect(await listAttempts(claim.id)).toHaveLength(1)
  })
})

describe('the outcome of a call', () => {
  /** A claim with one call under way. */
  const call = async (): Promise<{ claim: GenerationRow; attemptId: string }> => {
    const none = { attempts: 0, paidCalls: 0, ambiguousCalls: 0, costNanoUsd: 0 }
    const claim = await insertStanding(database.db, 'live lease', none)
    const intent = await recordIntent(database.db, claim, HELD_NANO_USD, NO_BUDGETS)
    if (typeof intent === 'string' || 'stop' in intent) throw new Error(JSON.stringify(intent))
    return { claim, ...intent }
  }
  const result = (
    outcome: AttemptOutcome,
    mayHaveCharged: boolean,
    isAmbiguous: boolean,
    costNanoUsd: number,
    isEstimate = false,
  ): Ending => ({ outcome, mayHaveCharged, isAmbiguous, costNanoUsd, isEstimate })

  const paid = result('image', true, false, 40_000_000)
  const free = result('overloaded', false, false, 0)
  const lost = result('timeout', true, true, HELD_NANO_USD, true)
  const letGo = { ...result('interrupted', true, true, HELD_NANO_USD, true), isSpared: true }

  test.each([
    {
      booked: paid,
      counts: { attempts: 1, paidCalls: 1, ambiguousCalls: 0, costNanoUsd: 40_000_000 },
    },
    { booked: free, counts: { attempts: 1, paidCalls: 0, ambiguousCalls: 0, costNanoUsd: 0 } },
    {
      booked: lost,
      counts: { attempts: 1, paidCalls: 1, ambiguousCalls: 1, costNanoUsd: HELD_NANO_USD },
    },
    {
      booked: letGo,
      counts: { attempts: 0, paidCalls: 0, ambiguousCalls: 0, costNanoUsd: HELD_NANO_USD },
    },
  ])('$booked.outcome leaves $counts', async ({ booked, counts }) => {
    const { claim, attemptId } = await call()
    await recordOutcome(database.db, claim.id, attemptId, booked)
    expect(await readCounts(claim.id)).toEqual(counts)
    const { outcome, mayHaveCharged, costNanoUsd, isEstimate } = booked
    const finishedAt = expect.any(Date)
    expect(await listAttempts(claim.id)).toMatchObject([
      { outcome, mayHaveCharged, costNanoUsd, isEstimate, fence: claim.fence, finishedAt },
    ])
  })

  test.each([paid, free, lost, letGo])(
    '$outcome is counted once, however often it is told',
    async (booked) => {
      const { claim, attemptId } = await call()
      await recordOutcome(database.db, claim.id, attemptId, booked)
      const once = { counts: await readCounts(claim.id), attempts: await listAttempts(claim.id) }
      await recordOutcome(database.db, claim.id, attemptId, paid)
      await recordAdoption(database.db, claim.id, { costNanoUsd: 40_000_000, isEstimate: false })
      const twice = { counts: await readCounts(claim.id), attempts: await listAttempts(claim.id) }
      expect(twice).toEqual(once)
    },
  )

  test.each<Standing>(['queued', 'live lease', 'succeeded', 'failed', 'canceled'])(
    'is in the books though the claim is lost and the generation is another’s: %s',
    async (standing) => {
      const { claim, attemptId } = await call()
      const { status } = await insertStanding(database.db, standing)
      const change = { status, fence: claim.fence + 1 }
      await database.db.updateTable('generations').set(change).where('id', '=', claim.id).execute()
      await recordOutcome(database.db, claim.id, attemptId, paid)
      expect((await readCounts(claim.id)).costNanoUsd).toBe(40_000_000)
    },
  )

  test('of an earlier asking costs, but takes nothing off what this asking may spend', async () => {
    for (const late of [paid, free, lost, letGo]) {
      const { claim, attemptId } = await call()
      const askedAgain = {
        paidCalls: 1,
        ambiguousCalls: 1,
        queuedAt: sql<Date>`now() + interval '1 s'`,
      }
      await database.db
        .updateTable('generations')
        .set(askedAgain)
        .where('id', '=', claim.id)
        .execute()
      await recordOutcome(database.db, claim.id, attemptId, late)
      expect(await readCounts(claim.id)).toMatchObject({
        paidCalls: 1,
        ambiguousCalls: 1,
        costNanoUsd: late.costNanoUsd,
      })
    }
  })

  test('that was adopted is of the newest call that has none', async () => {
    const { claim, attemptId } = await call()
    await recordIntent(database.db, claim, HELD_NANO_USD, NO_BUDGETS)
    await recordAdoption(database.db, claim.id, { costNanoUsd: 40_000_000, isEstimate: false })
    const [older, newer] = await listAttempts(claim.id)
    // Its worker died: what it may have cost stays in the books.
    expect(older).toMatchObject({
      id: attemptId,
      outcome: null,
      costNanoUsd: HELD_NANO_USD,
      isEstimate: true,
    })
    expect(newer).toMatchObject({ outcome: 'image', costNanoUsd: 40_000_000, mayHaveCharged: true })
    expect(await readCounts(claim.id)).toEqual({
      attempts: 2,
      paidCalls: 2,
      ambiguousCalls: 1,
      costNanoUsd: HELD_NANO_USD + 40_000_000,
    })
  })

  test('may come long after its worker was taken for dead, and is then what it cost', async () => {
    const { claim, attemptId } = await call()
    await recordIntent(database.db, { ...claim, fence: claim.fence }, HELD_NANO_USD, NO_BUDGETS)
    await recordOutcome(database.db, claim.id, attemptId, { ...paid, costNanoUsd: 50_000_000 })
    expect((await readCounts(claim.id)).costNanoUsd).toBe(HELD_NANO_USD + 50_000_000)
  })
})
