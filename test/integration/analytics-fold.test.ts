import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { summarize } from '../../src/features/analytics/report.ts'
import { readWindow } from '../../src/features/analytics/window.ts'
import { countByHand } from '../support/count-by-hand.ts'
import { expectFigures } from '../support/expect-figures.ts'
import { expectHistory } from '../support/expect-history.ts'
import { insertCalls, insertEvent, insertHistory } from '../support/history.ts'
import { insertGeneration, openTestDatabase } from '../support/rows.ts'

type TestDatabase = Awaited<ReturnType<typeof openTestDatabase>>

const DAY = { from: '2026-03-01', to: '2026-03-01' }
const NOON = '2026-03-01T12:00:00Z'
const started = { type: 'generation_started', at: NOON }

let database: TestDatabase
let db: Database
let releases: (() => Promise<void>)[] = []

beforeEach(async () => {
  database = await openTestDatabase()
  db = database.db
})
afterEach(async () => {
  for (const release of releases) await release()
  releases = []
  await database.close()
})

/** What the rollup alone knows, without what is not folded yet. */
const readRollup = async () => {
  const { rows } = await sql<{ started: string; calls: string }>`
    select coalesce(sum(started), 0) as started, coalesce(sum(calls), 0) as calls
    from daily_figures where owner_id = ''`.execute(db)
  return { started: Number(rows[0]?.started), calls: Number(rows[0]?.calls) }
}

describe('an event that commits after later ones', () => {
  test('is folded all the same, and they are not kept waiting by whoever writes next', async () => {
    const fold = createFold(db)
    const late = await begin()
    await insertEvent(late.tx, started)
    await insertEvent(db, started)
    await fold()
    expect((await summarize(db, DAY, undefined)).figures.started).toBe(1)
    // Somebody else writes in turn, so there is no moment without a writer.
    const next = await begin()
    await insertEvent(next.tx, started)
    await fold()
    expect(await readRollup()).toEqual({ started: 0, calls: 0 })
    await late.commit()
    await fold()
    expect(await readRollup()).toEqual({ started: 2, calls: 0 })
    await next.commit()
    await fold()
    expect(await readRollup()).toEqual({ started: 3, calls: 0 })
    expect((await summarize(db, DAY, undefined)).figures.started).toBe(3)
  })

  test('is not waited for when it never comes', async () => {
    const fold = createFold(db)
    const late = await begin()
    await insertEvent(late.tx, started)
    await insertEvent(db, started)
    await fold()
    await late.rollback()
    await fold()
    expect(await readRollup()).toEqual({ started: 1, calls: 0 })
  })
})

test('a fold that dies in its middle counts nothing, and the next one everything', async () => {
  await insertHistory(db)
  await sql`create function die() returns trigger language plpgsql as $$
    begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$`.execute(db)
  await sql`create trigger die before update on analytics_progress execute function die()`.execute(
    db,
  )
  await expect(createFold(db)()).rejects.toMatchObject({
    code: 'unavailable',
    cause: { message: expect.stringContaining('terminat') },
  })
  expect(await readRollup()).toEqual({ started: 0, calls: 0 })
  await sql`drop trigger die on analytics_progress`.execute(db)
  await createFold(db)()
  await expectHistory(db)
})

test('a call counts as a paid one while its end is unknown, and then as what it was', async () => {
  const fold = createFold(db)
  const { id: generationId } = await insertGeneration(db)
  const read = async () => {
    await fold()
    const { figures, models } = await summarize(db, DAY, 'alice')
    expectFigures(figures, await countByHand(db, { ...DAY, ownerId: 'alice' }))
    expect(models).toEqual([{ model: 'm', ...pickCalls(figures) }])
    return pickCalls(figures)
  }
  const call = { generationId, at: NOON }
  const [free = '', dear = ''] = await insertCalls(db, [call, call, call])
  expect(await read()).toEqual({ calls: 3, paidCalls: 3, spendUsd: 0 })
  await endCall(db, free, { mayHaveCharged: false, costUsd: 0 })
  expect(await read()).toEqual({ calls: 3, paidCalls: 2, spendUsd: 0 })
  await endCall(db, dear, { mayHaveCharged: true, costUsd: 0.134 })
  expect(await read()).toEqual({ calls: 3, paidCalls: 2, spendUsd: 0.134 })
  expect(await read()).toEqual({ calls: 3, paidCalls: 2, spendUsd: 0.134 })
})

test('a call costs what was set aside for it while its end is unknown, and then what it cost', async () => {
  const fold = createFold(db)
  const { id: generationId } = await insertGeneration(db)
  const read = async () => {
    await fold()
    const { figures } = await summarize(db, DAY, 'alice')
    expectFigures(figures, await countByHand(db, { ...DAY, ownerId: 'alice' }))
    const { spendUsd, estimatedUsd } = figures
    return [spendUsd, estimatedUsd]
  }
  const call = { generationId, at: NOON, heldUsd: 0.05 }
  const [free = '', dear = '', lost = ''] = await insertCalls(db, [call, call, call])
  expect((await summarize(db, DAY, 'alice')).figures.spendUsd).toBe(0.15)
  expect(await read()).toEqual([0.15, 0.15])
  await endCall(db, free, { mayHaveCharged: false, costUsd: 0, isEstimate: false })
  expect((await summarize(db, DAY, 'alice')).figures.estimatedUsd).toBe(0.1)
  expect(await read()).toEqual([0.1, 0.1])
  await endCall(db, dear, { mayHaveCharged: true, costUsd: 0.134, isEstimate: false })
  expect(await read()).toEqual([0.184, 0.05])
  await endCall(db, lost, { mayHaveCharged: true, costUsd: 0.05 })
  expect(await read()).toEqual([0.184, 0.05])
  const { models } = await summarize(db, DAY, undefined)
  expect(models).toMatchObject([{ calls: 3, paidCalls: 2, spendUsd: 0.184 }])
})

test('a call counts as one at half the price by the tier that it was asked for at, and then by the one that served', async () => {
  const fold = createFold(db)
  const { id: generationId } = await insertGeneration(db)
  const read = async () => {
    const live = (await summarize(db, DAY, 'alice')).figures
    await fold()
    const { figures } = await summarize(db, DAY, 'alice')
    expect(live).toEqual(figures)
    expectFigures(figures, await countByHand(db, { ...DAY, ownerId: 'alice' }))
    return [figures.halfPriceCalls, figures.halfPriceUsd]
  }
  const call = { generationId, at: NOON, heldUsd: 0.05 }
  const [half = '', shed = '', dear = '', plain = ''] = await insertCalls(db, [
    ...[call, call, call, call],
    { ...call, end: { outcome: 'image', mayHaveCharged: true, costUsd: 0.02 } },
  ])
  await sql`update attempts set tier = case when id = ${plain} then 'standard' else 'flex' end`.execute(
    db,
  )
  expect(await read()).toEqual([4, 0.17])
  await sql`update attempts set served_tier = case when id = ${dear} then 'standard' else 'flex' end
    where id = any(${[half, dear]}::bigint[])`.execute(db)
  await endCall(db, half, { mayHaveCharged: true, costUsd: 0.04, isEstimate: false })
  await endCall(db, shed, { mayHaveCharged: false, costUsd: 0, isEstimate: false })
  await endCall(db, dear, { mayHaveCharged: true, costUsd: 0.1, isEstimate: false })
  await endCall(db, plain, { mayHaveCharged: true, costUsd: 0.1, isEstimate: false })
  expect(await read()).toEqual([2, 0.06])
})

test('more than is read live is left to the workers, and the answer says how far it goes', async () => {
  await sql`insert into generation_events (owner_id, type, created_at)
    select 'alice', 'generation_started', ${NOON}::timestamptz + n * interval '1 millisecond'
    from generate_series(1, 45000) n`.execute(db)
  const behind = await summarize(db, DAY, 'alice')
  expect(behind.figures.started).toBe(5_000)
  expect(behind.asOf).toBe('2026-03-01T12:00:05.001Z')
  const foldedAt = Date.now()
  await createFold(db)()
  const { figures, asOf } = await summarize(db, DAY, 'alice')
  expect(figures.started).toBe(45_000)
  expect(Date.parse(asOf)).toBeGreaterThanOrEqual(foldedAt)
})

/** A transaction that stays open until the test ends it, or has ended. */
const begin = async () => {
  const tx = await db.startTransaction().execute()
  const rollback = async () => {
    if (!tx.isCommitted && !tx.isRolledBack) await tx.rollback().execute()
  }
  releases.push(rollback)
  return { tx, commit: () => tx.commit().execute(), rollback }
}

const endCall = (
  db: Database,
  id: string,
  end: { mayHaveCharged: boolean; costUsd: number; isEstimate?: boolean },
) =>
  db
    .updateTable('attempts')
    .set({ outcome: 'image', finishedAt: new Date(), ...end })
    .where('id', '=', id)
    .execute()

const pickCalls = ({
  calls,
  paidCalls,
  spendUsd,
}: {
  calls: number
  paidCalls: number
  spendUsd: number
}) => ({
  calls,
  paidCalls,
  spendUsd,
})

test('what took its time for half the price is not called slow', async () => {
  const completed = { type: 'generation_completed', at: new Date().toISOString() }
  await insertEvent(db, { ...completed, data: { durationMs: 20_000 } })
  await insertEvent(db, { ...completed, data: { durationMs: 600_000, tier: 'flex' } })
  const { completed: count, p95Ms } = await readWindow(db, 60_000)
  expect(count).toBe(2)
  expect(p95Ms).toBeLessThan(21_000)
})
