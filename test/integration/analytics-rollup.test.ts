import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { type Kysely, sql } from 'kysely'
import { createDatabase, type Database } from '../../db/database.ts'
import * as generations from '../../db/migrations/0001-generations.ts'
import * as lostClaims from '../../db/migrations/0002-lost-claims.ts'
import * as upkeep from '../../db/migrations/0003-upkeep.ts'
import * as telemetry from '../../db/migrations/0004-telemetry.ts'
import * as analytics from '../../db/migrations/0008-analytics.ts'
import * as deadlinesAndHolds from '../../db/migrations/0016-deadlines-and-holds.ts'
import * as access from '../../db/migrations/0023-access.ts'
import * as spending from '../../db/migrations/0024-spending.ts'
import * as gatewayCalls from '../../db/migrations/0031-gateway-calls.ts'
import * as nanoDollars from '../../db/migrations/0036-nano-dollars.ts'
import * as tiers from '../../db/migrations/0038-tiers.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { summarize } from '../../src/features/analytics/report.ts'
import { countByHand } from '../support/count-by-hand.ts'
import { createDatabase as createEmptyDatabase } from '../support/database.ts'
import { expectFigures } from '../support/expect-figures.ts'
import { expectHistory, expectOwners } from '../support/expect-history.ts'
import { HISTORY, insertEvent, insertHistory } from '../support/history.ts'
import { openTestDatabase } from '../support/rows.ts'

type TestDatabase = Awaited<ReturnType<typeof openTestDatabase>>

const DAY = { from: '2026-03-01', to: '2026-03-01' }
const started = { type: 'generation_started', at: '2026-03-01T12:00:00Z' }

let database: TestDatabase
let db: Database

beforeEach(async () => {
  database = await openTestDatabase()
  db = database.db
})
afterEach(() => database.close())

describe('every figure of every day is as counted by hand', () => {
  test('while nothing is folded, and once everything is', async () => {
    await insertHistory(db)
    await expectHistory(db)
    await expectOwners(db)
    await createFold(db)()
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
    const older: Database = createDatabase({ url: empty.url, poolSize: 2, onIdleError: () => {} })
    const anyTables = older as unknown as Kysely<unknown>
    try {
      for (const { up } of [generations, lostClaims, upkeep, telemetry]) await up(anyTables)
      await insertHistory(older, { isHeld: false })
      await analytics.up(anyTables)
      await deadlinesAndHolds.up(anyTables)
      await spending.up(anyTables)
      await gatewayCalls.up(anyTables)
      await nanoDollars.up(anyTables)
      await access.up(anyTables)
      await tiers.up(anyTables)
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
    const { figures } = await summarize(db, DAY, undefined)
    expectFigures(figures, await countByHand(db, DAY))
  })
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
