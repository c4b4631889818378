import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { type Migration, Migrator, sql } from 'kysely'
import { type Database, createDatabase as openDatabase } from '../../db/database.ts'
import { migrateToLatest } from '../../db/migrate.ts'
import type { GenerationRow } from '../../db/schema.ts'
import type { AnalyticsSummary } from '../../src/contract/analytics.ts'
import type { Spending } from '../../src/contract/spending.ts'
import { createFold } from '../../src/features/analytics/fold.ts'
import { recordCall, settleCall } from '../../src/features/gateway/calls.ts'
import { createPaidEmbedder } from '../../src/features/similarity/paid-embedder.ts'
import { type Ending, recordIntent, recordOutcome } from '../../src/generation/run/attempts.ts'
import { toNanoUsd } from '../../src/lib/money.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { NO_BUDGETS } from '../support/budgets.ts'
import { type Client, createClient } from '../support/client.ts'
import { createDatabase, type TestDatabase } from '../support/database.ts'
import { countBlocked, insertImage } from '../support/rows.ts'
import { insertStanding } from '../support/standings.ts'
import { findMiscounted } from '../support/sums.ts'
import { waitFor } from '../support/wait-for.ts'

/** In floating point none of these is what it is written as. */
const AWKWARD_USD = [0.1 + 0.2, 1e-9, 1 / 3, 2 / 3, 0.1, 0.7, 1.1, 0.033618, 1e-8 / 3, 4.35, 0.07]
const amounts = AWKWARD_USD.map(toNanoUsd)
const amountOf = (n: number): number => amounts[n % amounts.length] ?? 0
const sum = (all: readonly number[]): number => all.reduce((total, each) => total + each, 0)

const NONE = {
  claims: 0,
  attempts: 0,
  paidCalls: 0,
  ambiguousCalls: 0,
  lostClaims: 0,
  costNanoUsd: 0,
}

describe('after thousands of calls of awkward amounts', () => {
  const ROUNDS = 12
  const OWNERS = ['ann', 'ben', 'cid']
  let app: TestApp
  let operator: Client
  /** What was booked for calls, by its owner, and for embeddings, as this test reckons it. */
  const spent: Record<string, number> = { ann: 0, ben: 0, cid: 0 }
  const embeddedBy: Record<string, number> = {}

  beforeAll(async () => {
    app = await startTestApp({ workers: 0 })
    operator = await createClient(app, 'operator', true)
    await app.db
      .insertInto('users')
      .values(OWNERS.map((id) => ({ id })))
      .execute()
    await Promise.all(OWNERS.map((ownerId, place) => buyMuch(ownerId, place)))
    await createFold(app.db)()
  })
  afterAll(() => app.stop())

  const buyMuch = async (ownerId: string, place: number): Promise<void> => {
    const claims = await Promise.all(
      Array.from({ length: 12 }, () =>
        insertStanding(app.db, 'live lease', { ...NONE, ownerId, keyId: `k-${ownerId}` }),
      ),
    )
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(claims.map((claim, n) => buy(claim, round * 17 + n * 5 + place)))
      await handOn(ownerId, round)
      await embed(ownerId, round)
    }
  }

  /** A call that ends in one of the ways there are, some of them by the statements of the release before. */
  const buy = async (claim: GenerationRow, n: number): Promise<void> => {
    const { db } = app
    await db.updateTable('generations').set(NONE_COUNTED).where('id', '=', claim.id).execute()
    const [held, cost] = [amountOf(n), amountOf(n + 3)]
    const intent = await recordIntent(db, claim, held, NO_BUDGETS)
    const { attemptId } = intent as { attemptId: string }
    const kept = n % 5 === 0 ? held : n % 5 === 1 ? 0 : cost
    if (n % 5 === 4) await settleAsBefore(db, attemptId, cost / 1e9)
    else if (n % 5 !== 0) await recordOutcome(db, claim.id, attemptId, ending(kept))
    spent[claim.ownerId] = (spent[claim.ownerId] ?? 0) + kept
  }

  const handOn = async (ownerId: string, n: number): Promise<void> => {
    const payer = { ownerId, keyId: null, billedTo: 'server' as const }
    const call = { ...payer, model: 'text', method: 'x', heldNanoUsd: amountOf(n) }
    const id = await recordCall(app.db, call, NO_BUDGETS)
    const costNanoUsd = amountOf(n + 1)
    await settleCall(app.db, id, {
      ...{ status: 200, costNanoUsd, isEstimate: false, mayHaveCharged: true, usage: undefined },
    })
    spent[ownerId] = (spent[ownerId] ?? 0) + costNanoUsd
  }

  const embed = async (ownerId: string, n: number): Promise<void> => {
    const embedder = createPaidEmbedder(
      app.db,
      {
        ...{ source: 'gemini', model: 'm', dimensions: 1, estimateNanoUsd: () => amountOf(n) },
        embed: async () => ({ vectors: [], costNanoUsd: amountOf(n + 2) }),
      },
      NO_BUDGETS,
    )
    await embedder.embed(['a'], new AbortController().signal, { ownerId, keyId: null })
    embeddedBy[ownerId] = (embeddedBy[ownerId] ?? 0) + amountOf(n + 2)
  }

  const total = () => sum(Object.values(spent))
  const embedded = () => sum(Object.values(embeddedBy))

  test('the calls, the generations and the sums of spending agree', async () => {
    const { rows } = await sql<{ ofAttempts: string; ofGenerations: string; ofHandedOn: string }>`
      select (select sum(cost_nano_usd) from attempts) as of_attempts,
        (select sum(cost_nano_usd) from generations) as of_generations,
        (select sum(cost_nano_usd) from gateway_calls) as of_handed_on`.execute(app.db)
    const [
      { ofAttempts, ofGenerations, ofHandedOn } = {
        ofAttempts: '',
        ofGenerations: '',
        ofHandedOn: '',
      },
    ] = rows
    expect(ofGenerations).toBe(ofAttempts)
    expect(Number(ofAttempts) + Number(ofHandedOn)).toBe(total())
    expect(await findMiscounted(app.db)).toEqual([])
    const { body } = await operator.call<Spending>('GET', '/api/spending')
    for (const { scope, period, spentUsd, heldUsd } of body.sums) {
      if (scope === 'all') {
        expect([period, toNanoUsd(spentUsd) + toNanoUsd(heldUsd)]).toEqual([
          period,
          total() + embedded(),
        ])
      }
    }
  })

  test('the dollars that the release before reads say the same', async () => {
    for (const table of ['attempts', 'generations', 'gateway_calls', 'embedding_calls']) {
      const { rows } = await sql<{
        count: number
      }>`select count(*)::int as count from ${sql.table(table)}
        where round(cost_usd::numeric * 1e9) <> cost_nano_usd`.execute(app.db)
      expect([table, rows[0]?.count]).toEqual([table, 0])
    }
  })

  test('the analytics, by day, model and owner, and the file of owners agree with them', async () => {
    const { body } = await operator.call<AnalyticsSummary>('GET', '/api/analytics/summary')
    expect(toNanoUsd(body.figures.spendUsd)).toBe(total() + embedded())
    expect(sum(body.models.map(({ spendUsd }) => toNanoUsd(spendUsd)))).toBe(total() + embedded())
    const lines = await readOwnersFile()
    expect(lines).toHaveLength(OWNERS.length)
    for (const { owner = '', spend_usd } of lines) {
      expect([owner, toNanoUsd(Number(spend_usd))]).toEqual([
        owner,
        (spent[owner] ?? 0) + (embeddedBy[owner] ?? 0),
      ])
    }
  })

  test('what reuse saved is what the images cost, in answers, analytics and the file', async () => {
    const alice = await createClient(app)
    const costs = [...amounts, 1, 333_333_333]
    for (const [n, costNanoUsd] of costs.entries()) {
      const { body } = await alice.generate({ prompt: `image ${n}` })
      await finish(app.db, body.id, costNanoUsd)
      const { body: reused } = await alice.generate({ prompt: `image ${n}` })
      expect(reused.reuse?.savedUsd).toBe(costNanoUsd / 1e9)
    }
    const read = async () => {
      const { body } = await operator.call<AnalyticsSummary>('GET', '/api/analytics/summary')
      return body.figures.skipped.exact === costs.length && body
    }
    const summary = await waitFor(read, { what: 'the reuses to be counted' })
    expect(summary && toNanoUsd(summary.figures.savedUsd)).toBe(sum(costs))
    const alices = (await readOwnersFile()).find(({ owner }) => owner === 'alice')
    expect(toNanoUsd(Number(alices?.saved_usd))).toBe(sum(costs))
  })

  test('no column of dollars is without one of integers', async () => {
    const { rows } = await sql<{ column: string }>`
      select table_name || '.' || column_name as column from information_schema.columns as one
      where table_schema = 'public' and column_name like '%usd%' and data_type <> 'bigint'
        and not exists (select from information_schema.columns as other
          where other.table_schema = 'public' and other.table_name = one.table_name and other.data_type = 'bigint'
            and other.column_name = replace(one.column_name, '_usd', '_nano_usd'))`.execute(app.db)
    expect(rows).toEqual([])
  })

  const readOwnersFile = async (): Promise<Record<string, string>[]> => {
    const answer = await fetch(`${app.url}/api/analytics/owners.csv`, {
      headers: { authorization: `Bearer ${await app.token('operator', true)}` },
    })
    const [names = [], ...rows] = (await answer.text())
      .trim()
      .split('\r\n')
      .map((line) => line.split(','))
    return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at] ?? ''])))
  }
})

const finish = async (db: Database, id: string, costNanoUsd: number): Promise<void> => {
  await insertImage(db, { id, objectKey: `generated/${id}/made` })
  await db
    .updateTable('generations')
    .set({ status: 'succeeded', imageId: id, costNanoUsd, finishedAt: new Date() })
    .where('id', '=', id)
    .execute()
}

const NONE_COUNTED = { attempts: 0, paidCalls: 0, ambiguousCalls: 0 }

const ending = (costNanoUsd: number): Ending => ({
  ...{ outcome: 'image', mayHaveCharged: true, isAmbiguous: false, isEstimate: false, costNanoUsd },
})

/** As the release before settles a call, in dollars. */
const settleAsBefore = async (db: Database, attemptId: string, costUsd: number) => {
  await sql`
    with ended as (
      update attempts set outcome = 'image', cost_usd = ${costUsd}, is_estimate = false, finished_at = clock_timestamp()
      where id = ${attemptId} and outcome is null
      returning generation_id, cost_usd - held_usd as owed_usd
    )
    update generations set cost_usd = round((generations.cost_usd + owed_usd)::numeric, 9)::float8
    from ended where id = generation_id`.execute(db)
}

describe('the migration of a database with money in it', () => {
  const ROWS = 2_500
  const CALLS = 300
  let database: TestDatabase
  let db: Database

  beforeEach(async () => {
    database = await createDatabase(process.env.TEST_DATABASE_URL ?? '')
    db = openDatabase({ url: database.url, poolSize: 4, onIdleError: () => {} })
    await migrateAsBefore(db)
    await sql`insert into users (id) values ('alice')`.execute(db)
    for (const statement of fillAsBefore) await sql.raw(statement).execute(db)
  })
  afterEach(async () => {
    await db.destroy()
    await database.drop()
  })

  const fillAsBefore = [
    `insert into generations (id, owner_id, fingerprint, status, lane, prompt, transformation, provider, model, image_size,
        object_key, cost_usd)
      select 'g_' || n, 'alice', 'f_' || n, 'succeeded', 'eager', 'x', 'generate', 'gemini', 'm', '1K', 'o/' || n,
        case n % 3 when 0 then 0 else n * 0.1::float8 + 0.2 / 3 end
      from generate_series(1, ${ROWS}) as n`,
    `insert into attempts (generation_id, fence, worker_id, provider, model, cost_usd, held_usd, is_estimate)
      select id, 1, 'w', 'gemini', 'm', cost_usd, 1.0::float8 / 3, true from generations limit ${CALLS}`,
    `insert into gateway_calls (owner_id, model, method, held_usd, cost_usd)
      select 'alice', 'm', 'x', n / 7.0, n / 9.0 from generate_series(1, 50) as n`,
    `insert into embedding_calls (owner_id, model, held_usd, cost_usd)
      select 'alice', 'm', n / 7.0e6, n / 9.0e6 from generate_series(1, 50) as n`,
    `insert into similarity_checks (generation_id, owner_id, mode, model, is_match, duration_ms, embedding_cost_usd)
      select id, 'alice', 'shadow', 'm', false, 1, 1e-6 / 3 from generations`,
  ]

  const readSpending = async () =>
    (await sql`select scope, period, nano_usd from spending order by scope, period`.execute(db))
      .rows

  /** Rows whose integer is not what their dollars are. */
  const countUnlike = async (): Promise<number> => {
    const { rows } = await sql<{ count: number }>`select
      (select count(*)::int from generations where cost_nano_usd <> to_nano_usd(cost_usd))
      + (select count(*)::int from attempts
        where cost_nano_usd <> to_nano_usd(cost_usd) or held_nano_usd <> to_nano_usd(held_usd))
      + (select count(*)::int from gateway_calls
        where cost_nano_usd <> to_nano_usd(cost_usd) or held_nano_usd <> to_nano_usd(held_usd))
      + (select count(*)::int from embedding_calls
        where cost_nano_usd <> to_nano_usd(cost_usd) or held_nano_usd <> to_nano_usd(held_usd))
      + (select count(*)::int from similarity_checks
        where embedding_cost_nano_usd <> to_nano_usd(embedding_cost_usd)) as count`.execute(db)
    return rows[0]?.count ?? -1
  }

  test('fills every row, changes no sum, and is safe to repeat', async () => {
    const before = await readSpending()
    for (const _time of ['first', 'second']) {
      await migrateToLatest(database.url)
      expect(await countUnlike()).toBe(0)
      expect(await readSpending()).toEqual(before)
      expect(await findMiscounted(db)).toEqual([])
      await sql`delete from kysely_migration where name >= '0036'`.execute(db)
    }
    const { rows } = await sql<{ paid: number }>`
      select count(*)::int as paid from generations where cost_nano_usd > 0`.execute(db)
    expect(rows[0]?.paid).toBe(ROWS - Math.floor(ROWS / 3))
  })

  test('goes on beside who holds a row, and beside the release before, which goes on paying', async () => {
    const migrating = await db.transaction().execute(async (tx) => {
      await sql`select from generations where id = 'g_2400' for update`.execute(tx)
      const begun = migrateToLatest(database.url)
      await waitFor(async () => (await countBlocked(db)) > 0, { what: 'it to wait for the row' })
      return { begun }
    })
    let isOver = false
    const over = migrating.begun.finally(() => {
      isOver = true
    })
    let settled = 0
    for (; !isOver || settled === 0; settled++) {
      await settleAsBefore(db, String(1 + (settled % CALLS)), (settled % 11) / 3)
    }
    expect((await over).slice(0, 2)).toEqual(['0036-nano-dollars', '0037-nano-dollars-of-checks'])
    expect(await countUnlike()).toBe(0)
    expect(await findMiscounted(db)).toEqual([])
  })
})

const BEFORE = '0035-call-receipts'

const migrateAsBefore = async (db: Database): Promise<void> => {
  const folder = join(import.meta.dirname, '../../db/migrations')
  const names = (await readdir(folder)).map((file) => file.replace(/\.ts$/, '')).sort()
  const load = async (name: string): Promise<[string, Migration]> => [
    name,
    await import(join(folder, `${name}.ts`)),
  ]
  const known = await Promise.all(names.filter((name) => name <= BEFORE).map(load))
  const provider = { getMigrations: async () => Object.fromEntries(known) }
  const { error } = await new Migrator({
    db,
    provider,
    disableTransactions: true,
  }).migrateToLatest()
  if (error) throw error
}
