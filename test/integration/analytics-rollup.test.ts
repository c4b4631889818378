import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Kysely, sql } from 'kysely'
import { createDatabase } from '../../db/database.ts'
import * as generations from '../../db/migrations/0001-generations.ts'
import * as lostClaims from '../../db/migrations/0002-lost-claims.ts'
import * as upkeep from '../../db/migrations/0003-upkeep.ts'
import * as telemetry from '../../db/migrations/0004-telemetry.ts'
import * as analytics from '../../db/migrations/0008-analytics.ts'
import { createFold } from '../../src/analytics/fold.ts'
import { listOwners } from '../../src/analytics/owners.ts'
import { listPoints, summarize } from '../../src/analytics/report.ts'
import { countByHand } from '../support/count-by-hand.ts'
import { createDatabase as createEmptyDatabase } from '../support/database.ts'
import { expectFigures } from '../support/expect-figures.ts'
import { HISTORY, insertCalls, insertEvent, insertHistory, isLively } from '../support/history.ts'
import { insertGeneration, openTestDatabase } from '../support/rows.ts'

type TestDatabase = Awaited<ReturnType<typeof openTestDatabase>>
type Db = TestDatabase['db']

const DAY = { from: '2026-03-01', to: '2026-03-01' }
const NOON = '2026-03-01T12:00:00Z'
const started = { type: 'generation_started', at: NOON }

let database: TestDatabase
let db: Db

beforeEach(async () => {
  database = await openTestDatabase()
  db = database.db
})
afterEach(() => database.close())

/** What the rollup alone knows, without what is not folded yet. */
const readRollup = async () => {
  const { rows } = await sql<{ started: string; calls: string }>`
    select coalesce(sum(started), 0) as started, coalesce(sum(calls), 0) as calls
    from daily_figures where owner_id = ''`.execute(db)
  return { started: Number(rows[0]?.started), calls: Number(rows[0]?.calls) }
}

/** Every day of everyone and of one owner, and the days as a whole. */
const expectHistory = async (database: Db) => {
  for (const ownerId of [undefined, 'bob']) {
    const owned = ownerId === undefined ? {} : { ownerId }
    const { points } = await listPoints(database, HISTORY, ownerId)
    for (const { day, ...figures } of points.filter((point) => isLively(point.day))) {
      expectFigures(figures, await countByHand(database, { from: day, to: day, ...owned }))
    }
    expect(points.filter(({ day, total }) => total > 0 && !isLively(day))).toEqual([])
    const { figures, previous } = await summarize(
      database,
      { from: '2026-03-01', to: '2026-04-01' },
      ownerId,
    )
    expectFigures(
      figures,
      await countByHand(database, { from: '2026-03-01', to: '2026-04-01', ...owned }),
    )
    expectFigures(previous.figures, await countByHand(database, { ...previous, ...owned }))
  }
}

/** Ranges with and without whole months. */
const RANGES = [
  HISTORY,
  { from: '2026-01-01', to: '2026-03-31' },
  { from: '2026-01-02', to: '2026-03-30' },
  { from: '2026-02-28', to: '2026-03-01' },
]

const expectOwners = async (database: Db) => {
  for (const range of RANGES) {
    const { owners } = await listOwners(database, { ...range, sort: 'owner', limit: 10 })
    expect(owners.map(({ owner }) => owner)).toEqual(['alice', 'bob', 'carol'])
    for (const { owner, ...figures } of owners) {
      const { durationMs, ...byHand } = await countByHand(database, { ...range, ownerId: owner })
      expectFigures({ ...figures, durationMs: null }, { ...byHand, durationMs: null })
    }
  }
}

describe('every figure of every day is as counted by hand', () => {
  test('while nothing is folded, and once everything is', async () => {
    await insertHistory(db)
    await expectHistory(db)
    await expectOwners(db)
    await createFold(db)()
    expect((await readRollup()).calls).toBe(90)
    await expectHistory(db)
    await expectOwners(db)
  })

  test('where the database keeps another time zone', async () => {
    await sql`alter database ${sql.id(new URL(database.url).pathname.slice(1))} set timezone to 'Asia/Tokyo'`.execute(
      db,
    )
    const elsewhere = createDatabase({ url: database.url, poolSize: 2, onIdleError: () => {} })
    try {
      await insertHistory(elsewhere)
      await createFold(elsewhere)()
      await expectHistory(elsewhere)
    } finally {
      await elsewhere.destroy()
    }
  })

  test('where the events are older than the rollup', async () => {
    const empty = await createEmptyDatabase(process.env.TEST_DATABASE_URL ?? '')
    const older: Db = createDatabase({ url: empty.url, poolSize: 2, onIdleError: () => {} })
    const anyTables = older as unknown as Kysely<unknown>
    try {
      for (const { up } of [generations, lostClaims, upkeep, telemetry]) await up(anyTables)
      await insertHistory(older)
      await analytics.up(anyTables)
      await expectHistory(older)
      await createFold(older)()
      await createFold(older)()
      await expectHistory(older)
    } finally {
      await older.destroy()
      await empty.drop()
    }
  })

  test('when many fold at once while events are written', async () => {
    const write = async (ownerId: string) => {
      await sql`insert into users (id) values (${ownerId}) on conflict do nothing`.execute(db)
      for (let i = 0; i < 100; i++) {
        await db.transaction().execute(async (tx) => {
          await insertEvent(tx, { ...started, ownerId })
          await insertEvent(tx, { ...started, ownerId })
        })
      }
    }
    let isWriting = true
    const foldOn = async () => {
      const fold = createFold(folders)
      while (isWriting) await fold()
    }
    const folders = createDatabase({ url: database.url, poolSize: 4, onIdleError: () => {} })
    try {
      const folding = Promise.all([foldOn(), foldOn(), foldOn()])
      await Promise.all(['alice', 'bob', 'carol'].map(write)).finally(() => {
        isWriting = false
      })
      await folding
    } finally {
      await folders.destroy()
    }
    await createFold(db)()
    expect((await readRollup()).started).toBe(600)
    const { figures } = await summarize(db, DAY, undefined)
    expectFigures(figures, await countByHand(db, DAY))
  })
})

describe('an event that commits after later ones', () => {
  test('is folded all the same, and they are not kept waiting by whoever writes next', async () => {
    const fold = createFold(db)
    const late = await begin(db)
    await insertEvent(late.tx, started)
    await insertEvent(db, started)
    await fold()
    expect((await summarize(db, DAY, undefined)).figures.started).toBe(1)
    await late.commit()
    // Somebody else writes in turn, so there is no moment without a writer.
    const next = await begin(db)
    await insertEvent(next.tx, started)
    await fold()
    expect(await readRollup()).toEqual({ started: 2, calls: 0 })
    await next.commit()
    await fold()
    expect(await readRollup()).toEqual({ started: 3, calls: 0 })
    expect((await summarize(db, DAY, undefined)).figures.started).toBe(3)
  })

  test('is not waited for when it never comes', async () => {
    const fold = createFold(db)
    const late = await begin(db)
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
  await expect(createFold(db)()).rejects.toThrow(/terminat/)
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

test('an owner who is gone leaves the history as it was', async () => {
  await insertHistory(db)
  await createFold(db)()
  const before = await summarize(db, HISTORY, undefined)
  await db.deleteFrom('users').where('id', '=', 'bob').execute()
  await createFold(db)()
  const { figures, models } = await summarize(db, HISTORY, undefined)
  expect({ figures, models }).toEqual({ figures: before.figures, models: before.models })
})

test('more than is read live is left to the workers, and the answer says how far it goes', async () => {
  await sql`insert into generation_events (owner_id, type, created_at)
    select 'alice', 'generation_started', ${NOON}::timestamptz + n * interval '1 millisecond'
    from generate_series(1, 45000) n`.execute(db)
  const behind = await summarize(db, DAY, 'alice')
  expect(behind.figures.started).toBe(5_000)
  expect(behind.asOf).toBe('2026-03-01T12:00:05.001Z')
  await createFold(db)()
  const { figures, asOf } = await summarize(db, DAY, 'alice')
  expect(figures.started).toBe(45_000)
  expect(Date.now() - Date.parse(asOf)).toBeLessThan(60_000)
})

/** A transaction that stays open until the test ends it. */
const begin = async (db: Db) => {
  const tx = await db.startTransaction().execute()
  return { tx, commit: () => tx.commit().execute(), rollback: () => tx.rollback().execute() }
}

const endCall = (db: Db, id: string, end: { mayHaveCharged: boolean; costUsd: number }) =>
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
