import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { builtInPrices } from '../../src/adapters/providers/price-table.ts'
import { createCostSplit } from '../../src/adapters/providers/split-cost.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { summarize } from '../../src/features/analytics/report.ts'
import { summarizeSavings } from '../../src/features/analytics/savings.ts'
import type { ReconcileOptions } from '../../src/features/books/options.ts'
import { type ReconcileDeps, reconcile } from '../../src/features/books/reconcile.ts'
import { findReconciliation } from '../../src/features/books/results.ts'
import { insertGeneration, openTestDatabase } from '../support/rows.ts'
import { findMiscounted } from '../support/sums.ts'

const MODEL = 'gemini-nano-banana-2.1'
const DAY = '2026-11-10'
/** Noon in California. */
const NOON = '2026-11-10T20:00:00Z'
/** 1,120 tokens at $30 and 10 at $1.50 a million. */
const USAGE = {
  promptTokenCount: 10,
  candidatesTokenCount: 1_120,
  candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_120 }],
}
const COST = 33_615_000
const HELD = 40_350_000

let db: Database
let close: () => Promise<void>
let deps: ReconcileDeps
let generationId: string

beforeAll(async () => {
  ;({ db, close } = await openTestDatabase())
  const costs = createCostSplit(builtInPrices)
  deps = { db, pricing: costs, models: costs.models }
})
beforeEach(async () => {
  await sql`truncate attempts, generations, gateway_calls, embedding_calls, spending, reconciliations,
    settlements, daily_figures, daily_models, daily_savings, monthly_figures, budgets cascade`.execute(
    db,
  )
  ;({ id: generationId } = await insertGeneration(db, {
    provider: 'gemini',
    model: MODEL,
    status: 'failed',
  }))
})
afterAll(() => close())

type Given = {
  at?: string
  responseId?: string | null
  costNanoUsd?: number
  isEstimate?: boolean
  usage?: object | null
  outcome?: string | null
  tier?: string
}

/** A call as it is booked; measured unless it is said to be an estimate. */
const book = async (given: Given = {}): Promise<string> => {
  const { at = NOON, responseId = null, isEstimate = false } = given
  const { costNanoUsd = isEstimate ? HELD : COST, outcome = isEstimate ? 'ambiguous' : 'image' } =
    given
  const usage = given.usage === undefined ? (isEstimate ? null : USAGE) : given.usage
  const { id } = await db
    .insertInto('attempts')
    .values({
      generationId,
      fence: 1,
      workerId: 'w',
      provider: 'gemini',
      model: MODEL,
      startedAt: new Date(at),
      finishedAt: outcome === null ? null : new Date(Date.parse(at) + 4_000),
      outcome,
      costNanoUsd,
      heldNanoUsd: HELD,
      isEstimate,
      responseId,
      usage: usage && JSON.stringify(usage),
      costBasis: isEstimate ? null : 'measured',
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await sql`update attempts set served_tier = ${given.tier ?? null} where id = ${id}`.execute(db)
  await sql`update generations set cost_nano_usd = cost_nano_usd + ${costNanoUsd} where id = ${generationId}`.execute(
    db,
  )
  return id
}

const row = (kind: string, tokens: number, usd: string, day = DAY) =>
  `${day},Gemini API,Generate_content ${kind} token count for Gemini Nano Banana 2.1,${tokens},${usd}\n`
const HEAD = 'Date,Service description,SKU description,Usage amount,Unrounded cost ($)\n'
/** Of so many calls as `book` has them. */
const billOf = (calls: number, day = DAY) =>
  row('image output', 1_120 * calls, (0.0336 * calls).toFixed(6), day) +
  row('text input', 10 * calls, (0.000015 * calls).toFixed(6), day)

const compare = (bill: string, options: Partial<ReconcileOptions> = {}) =>
  reconcile(deps, Readable.from([HEAD + bill]), {
    billName: 'bill.csv',
    by: 'ops',
    isToSettle: false,
    through: DAY,
    ...options,
  })

const compareCalls = (rows: string, options: Partial<ReconcileOptions> = {}) =>
  reconcile(deps, Readable.from([`time,response_id,model,cost\n${rows}`]), {
    billName: 'calls.csv',
    by: 'ops',
    isToSettle: false,
    through: DAY,
    ...options,
  })

const readCall = (id: string) =>
  db.selectFrom('attempts').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

describe('by day and SKU', () => {
  test('a bill of what is booked is explained', async () => {
    await book()
    await book({ at: '2026-11-11T07:59:00Z' })
    await book({ at: '2026-11-10T08:00:30Z' })
    const found = await compare(billOf(3))
    expect(found).toMatchObject({
      isExplained: true,
      from: DAY,
      through: DAY,
      bill: { rows: 2, usd: 0.100845 },
      explained: { rows: 2, usd: 0.100845 },
      booked: { calls: 3, usd: 0.100845 },
    })
    expect(await findReconciliation(db, 'latest')).toMatchObject({ id: found.id, createdBy: 'ops' })
  })

  test('what is billed once too often is named with its lines and calls like it', async () => {
    const ids = [await book(), await book()]
    const { isExplained, billedNotBooked, bookedNotBilled } = await compare(billOf(3))
    expect({ isExplained, bookedNotBilled }).toMatchObject({
      isExplained: false,
      bookedNotBilled: { count: 0 },
    })
    expect(billedNotBooked).toMatchObject({ count: 2, usd: 0.033615 })
    expect(billedNotBooked.items[0]).toMatchObject({
      model: MODEL,
      kind: 'imageOut',
      from: DAY,
      lines: '2',
      billedUsd: 0.1008,
      bookedUsd: 0.0672,
      billedTokens: 3_360,
      bookedTokens: 2_240,
      why: 'Billed, and not booked: as much again as one of these calls.',
      calls: ids.map((id) => `attempts ${id} (${generationId})`),
    })
  })

  test('what is booked and not billed is named with the calls that it can be', async () => {
    const id = await book({ usage: { ...USAGE, promptTokenCount: 1_000 }, costNanoUsd: 35_100_000 })
    await book()
    const { bookedNotBilled } = await compare(billOf(1))
    expect(bookedNotBilled).toMatchObject({ count: 2, usd: 0.0351 })
    expect(bookedNotBilled.items[0]).toMatchObject({ calls: [`attempts ${id} (${generationId})`] })
  })

  test('a price that is another is told as one', async () => {
    await book()
    const { billedNotBooked } = await compare(
      row('image output', 1_120, '0.0448') + row('text input', 10, '0.000015'),
    )
    expect(billedNotBooked.items).toMatchObject([
      {
        why: 'The tokens are the same and their price is not: billed at $40.000000 a million, booked at $30.000000.',
      },
    ])
  })

  test('a difference between kinds does not pass for none because the sums are the same', async () => {
    await book()
    const found = await compare(
      row('image output', 1_120, '0.033500') + row('text input', 10, '0.000115'),
    )
    expect(found.isExplained).toBe(false)
    expect(found.billedNotBooked.items).toMatchObject([{ kind: 'textIn' }])
    expect(found.bookedNotBilled.items).toMatchObject([{ kind: 'imageOut' }])
  })

  test('half of a millionth is none, and twice a millionth is one', async () => {
    await book()
    const text = row('text input', 10, '0.000015')
    const image = (usd: string) => row('image output', 1_120, usd) + text
    expect((await compare(image('0.0336005'))).isExplained).toBe(true)
    expect((await compare(image('0.0336020'))).isExplained).toBe(false)
  })

  test('a call about midnight is of either day', async () => {
    await book()
    const late = '2026-11-11T07:59:58Z'
    await book({ at: late })
    const bill = billOf(1, DAY) + billOf(1, '2026-11-11')
    expect(await compare(bill, { through: '2026-11-11' })).toMatchObject({ isExplained: true })
  })

  test('what is booked for a day that the bill may lack is pending', async () => {
    await book()
    await book({ at: '2026-11-11T20:00:00Z' })
    await book({ at: '2026-11-11T21:00:00Z' })
    const found = await compare(billOf(1, DAY) + billOf(1, '2026-11-11'), { through: undefined })
    expect(found).toMatchObject({
      isExplained: true,
      through: DAY,
      pending: { calls: 2, usd: 0.033615 },
    })
  })

  test('what ran at half the price is on lines of its own', async () => {
    await book({ tier: 'batch', costNanoUsd: COST / 2 })
    await book()
    const half = (kind: string, tokens: number, usd: string) =>
      row(kind, tokens, usd).replace('Banana 2.1', 'Banana 2.1 batch')
    const bill =
      billOf(1) + half('image output', 1_120, '0.0168') + half('text input', 10, '0.0000075')
    const found = await compare(bill)
    expect(found).toMatchObject({
      isExplained: true,
      billedNotBooked: { items: [] },
      bookedNotBilled: { items: [] },
      bad: { items: [] },
    })
    expect(found.kinds.map(({ tier, kind }) => `${tier} ${kind}`)).toEqual([
      'standard imageOut',
      'batch imageOut',
      'standard textIn',
      'batch textIn',
    ])
    expect(await compare(billOf(2))).toMatchObject({ isExplained: false })
    await createFold(db)()
    const shareOf = createCostSplit(builtInPrices).shareOf
    const savings = await summarizeSavings(db, { from: DAY, to: DAY }, undefined, shareOf)
    expect(savings.halfPrice).toEqual({ calls: 1, spendUsd: 0.0168075, savedUsd: 0.0168075 })
    expect(savings.withoutUsd).toBe(0.06723)
  })

  test('a SKU of nothing that is known is named, until a mapping says what it is', async () => {
    await book()
    const odd = `${DAY},Gemini API,Banana pictures,1120,0.0336\n`
    const text = row('text input', 10, '0.000015')
    const found = await compare(odd + text)
    expect(found.billedNotBooked.items).toMatchObject([
      { sku: 'Banana pictures', model: null, lines: '2' },
    ])
    const skus = { 'Banana pictures': { model: MODEL, kind: 'imageOut' as const } }
    expect(await compare(odd + text, { skus })).toMatchObject({ isExplained: true })
  })

  test('rows that can’t be read keep it from being explained', async () => {
    await book()
    const found = await compare(`${billOf(1)}${DAY},Gemini API,x,1,much\n`)
    expect(found).toMatchObject({
      isExplained: false,
      billedNotBooked: { count: 0 },
      bad: { count: 1, items: [{ line: 4 }] },
    })
  })
})

describe('by call', () => {
  test('rows match by id, and what differs is named', async () => {
    await book({ responseId: 'r1' })
    const dear = await book({ responseId: 'r2' })
    const twice = await book({ responseId: 'r3' })
    const lost = await book({ responseId: 'r4' })
    const found = await compareCalls(
      `${NOON},r1,${MODEL},0.0336
${NOON},r1,${MODEL},0.000015
${NOON},r2,${MODEL},0.05
${NOON},r3,${MODEL},0.06723
${NOON},r9,${MODEL},0.04
`,
    )
    expect(found).toMatchObject({ form: 'calls', isExplained: false, explained: { rows: 2 } })
    expect(found.billedNotBooked.items).toMatchObject([
      { responseId: 'r9', lines: '6' },
      { responseId: 'r3', why: 'Billed 2 times.', calls: [`attempts ${twice} (${generationId})`] },
      { responseId: 'r2', calls: [`attempts ${dear} (${generationId})`] },
    ])
    expect(found.bookedNotBilled.items).toMatchObject([
      { responseId: 'r4', calls: [`attempts ${lost} (${generationId})`] },
    ])
  })

  test('calls without an id match by time and amount', async () => {
    await book()
    await book({ at: '2026-11-10T21:00:00Z' })
    const found = await compareCalls(
      `2026-11-10T20:00:03Z,a,${MODEL},0.033615\n2026-11-10T21:00:01Z,b,${MODEL},0.033615\n`,
    )
    expect(found).toMatchObject({ isExplained: true })
  })
})

describe('settled by the bill', () => {
  const range = { from: '2026-11-01', to: '2026-11-30' }
  const sums = async () => {
    const { figures } = await summarize(db, range, undefined)
    const generation = await db
      .selectFrom('generations')
      .select('costNanoUsd')
      .where('id', '=', generationId)
      .executeTakeFirstOrThrow()
    return {
      generation: Number(generation.costNanoUsd),
      spent: Math.round(figures.spendUsd * 1e9),
      estimated: Math.round(figures.estimatedUsd * 1e9),
      paidCalls: figures.paidCalls,
      miscounted: await findMiscounted(db),
    }
  }

  test.each(['folded before', 'not folded yet'])(
    'an estimate that the bill has is booked at that, one that it lacks at 0 (%s)',
    async (when) => {
      await book()
      const billed = await book({ isEstimate: true })
      const free = await book({ isEstimate: true, at: '2026-11-09T20:00:00Z' })
      if (when === 'folded before') await createFold(db)()
      const bill =
        billOf(1) + row('image output', 1_120, '0.0336') + row('text output', 100, '0.00075')
      const told = await compare(bill, { from: '2026-11-09' })
      expect(told).toMatchObject({ isExplained: true, estimates: { isSettled: false, calls: 2 } })
      expect(await readCall(billed)).toMatchObject({ isEstimate: true, costNanoUsd: HELD })

      const settled = await compare(bill, { from: '2026-11-09', isToSettle: true })
      expect(settled.estimates).toMatchObject({ isSettled: true, calls: 2, absent: 1 })
      expect(await readCall(billed)).toMatchObject({
        isEstimate: false,
        costNanoUsd: 34_350_000,
        costBasis: 'billed',
        mayHaveCharged: true,
      })
      expect(await readCall(free)).toMatchObject({
        isEstimate: false,
        costNanoUsd: 0,
        mayHaveCharged: false,
      })
      const expected = {
        generation: COST + 34_350_000,
        spent: COST + 34_350_000,
        estimated: 0,
        paidCalls: 2,
        miscounted: [],
      }
      expect(await sums()).toEqual(expected)
      await createFold(db)()
      expect(await sums()).toEqual(expected)

      const again = await compare(bill, { from: '2026-11-09', isToSettle: true })
      expect(again).toMatchObject({ isExplained: true, estimates: { calls: 0 } })
      expect(await sums()).toEqual(expected)
      const { settlements } = (await findReconciliation(db, settled.id)) ?? {}
      expect(settlements).toMatchObject([
        { call: `attempts ${free}`, fromUsd: 0.04035, toUsd: 0, basis: 'absent', settledBy: 'ops' },
        { call: `attempts ${billed}`, fromUsd: 0.04035, toUsd: 0.03435, basis: 'row' },
      ])
    },
  )

  test('several of a day share what the bill has for them', async () => {
    const ids = [await book({ isEstimate: true }), await book({ isEstimate: true })]
    await book({ isEstimate: true, costNanoUsd: 0, outcome: 'overloaded' })
    await compare(row('image output', 1_120, '0.033600001'), { isToSettle: true })
    const costs = await Promise.all(ids.map(async (id) => (await readCall(id)).costNanoUsd))
    expect(costs.map(Number).sort()).toEqual([16_800_000, 16_800_001])
  })

  test('nothing is settled by more than the estimates can be, or by a day that may be unfinished', async () => {
    const id = await book({ isEstimate: true })
    const much = await compare(row('image output', 11_200, '0.336'), { isToSettle: true })
    expect(much).toMatchObject({ isExplained: false, estimates: { calls: 0 } })
    await compare(billOf(1), { isToSettle: true, through: undefined })
    expect(await readCall(id)).toMatchObject({ isEstimate: true, costNanoUsd: HELD })
  })

  test('a call of known cost is never changed', async () => {
    const id = await book({ responseId: 'r1' })
    const found = await compareCalls(`${NOON},r1,${MODEL},0.01\n`, { isToSettle: true })
    expect(found.bookedNotBilled.count).toBe(1)
    await compare(row('text input', 10, '0.000015'), { isToSettle: true })
    expect(await readCall(id)).toMatchObject({ costNanoUsd: COST, isEstimate: false })
  })

  test('a call whose worker died is settled, one that may be out is not', async () => {
    const dead = await book({ isEstimate: true, outcome: null })
    await createFold(db)()
    const now = new Date().toISOString()
    const out = await book({ isEstimate: true, outcome: null, at: now })
    await compareCalls(`${NOON},r1,${MODEL},0.02\n${now},r2,${MODEL},0.02\n`, {
      isToSettle: true,
      through: now.slice(0, 10),
    })
    expect(await readCall(dead)).toMatchObject({
      isEstimate: false,
      costNanoUsd: 20_000_000,
      outcome: 'ambiguous',
      responseId: 'r1',
    })
    expect(await readCall(out)).toMatchObject({ isEstimate: true, outcome: null })
    await createFold(db)()
    expect(await findMiscounted(db)).toEqual([])
  })
})
