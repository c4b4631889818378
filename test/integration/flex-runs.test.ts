import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { GenerationRow, NewGeneration } from '../../db/schema.ts'
import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import { createSpool } from '../../src/adapters/storage/spool.ts'
import type { Tier } from '../../src/contract/vocabulary.ts'
import type { Provider, ProviderResult } from '../../src/generation/ports.ts'
import { createProviders } from '../../src/generation/providers.ts'
import { createFlexLane } from '../../src/generation/run/flex-lane.ts'
import { runGeneration } from '../../src/generation/run/run.ts'
import type { RunDeps } from '../../src/generation/run/run-deps.ts'
import { promoteGeneration } from '../../src/generation/state/interventions.ts'
import { ProviderError, type ProviderErrorCode } from '../../src/lib/errors.ts'
import { NO_BUDGETS } from '../support/budgets.ts'
import { aModel } from '../support/models.ts'
import { makePng } from '../support/pictures.ts'
import { openTestDatabase } from '../support/rows.ts'
import { aSeal } from '../support/seal.ts'
import { GIVE_UP_MS, insertStanding } from '../support/standings.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const HOUR_MS = 3_600_000
const STANDARD_NANO_USD = 40_000_000
const FLEX_NANO_USD = 20_000_000

let database: Awaited<ReturnType<typeof openTestDatabase>>
let folder: TemporaryFolder
let png: Buffer
let asked: Tier[]
let answer: (tier: Tier) => Promise<Partial<ProviderResult>>

beforeAll(async () => {
  database = await openTestDatabase()
  png = await makePng()
})
afterAll(() => database.close())
beforeEach(async () => {
  folder = await makeTemporaryFolder('flex')
  asked = []
  answer = async () => ({})
  await database.db.deleteFrom('tierLimits').execute()
})
afterEach(() => folder.remove())

const priceOf = (tier: Tier | undefined) => (tier === 'flex' ? FLEX_NANO_USD : STANDARD_NANO_USD)

const provider: Provider = {
  name: 'local',
  account: 'one',
  tiers: ['standard', 'flex'],
  estimateNanoUsd: (_model, _size, tier) => priceOf(tier),
  defaultModel: 'local',
  models: [aModel()],
  call: async ({ tier = 'standard' }) => {
    asked.push(tier)
    const said = await answer(tier)
    const served = said.receipt?.tier ?? tier
    return { bytes: png, costNanoUsd: priceOf(served), ...said }
  },
}

const run = (id: string, given: Partial<RunDeps> = {}, onLong?: () => void) =>
  runGeneration(
    {
      db: database.db,
      providers: createProviders([provider]),
      store: createFilesystemStore({ directory: join(folder.path, 'images') }),
      spool: createSpool({ directory: join(folder.path, 'spool') }),
      inspect: createInspectImage({ maxBytes: 1_000_000, maxPixels: 1_000_000 }),
      compare: undefined,
      workerId: 'w1',
      leaseMs: 60_000,
      retryBackoffMs: 1,
      callMs: 1_000,
      giveUpMs: GIVE_UP_MS,
      budgets: NO_BUDGETS,
      seal: aSeal,
      breaker: (_subject, call) => call(false),
      tiers: {
        eager: 'flex',
        bounds: { flex: { callMs: 10_000, giveUpMs: HOUR_MS } },
        standardCallMs: 1_000,
      },
      flex: createFlexLane(2),
      stopping: new AbortController().signal,
      shutdown: new AbortController().signal,
      subscribe: () => () => {},
      onTrouble: () => {},
      logger: { debug: () => {}, info: () => {} },
      onStep: [],
      onRun: () => {},
      onReuse: () => {},
      ...given,
    },
    id,
    onLong,
  )

const none = {
  claims: 0,
  attempts: 0,
  paidCalls: 0,
  ambiguousCalls: 0,
  lostClaims: 0,
  costNanoUsd: 0,
}
const insert = (given: Partial<NewGeneration> = {}) =>
  insertStanding(database.db, 'queued', { ...none, lane: 'eager', ...given })

const read = (id: string): Promise<GenerationRow> =>
  database.db.selectFrom('generations').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

const listAttempts = (generationId: string) =>
  database.db
    .selectFrom('attempts')
    .select(['tier', 'servedTier', 'outcome', 'costNanoUsd', 'heldNanoUsd'])
    .where('generationId', '=', generationId)
    .orderBy('id')
    .execute()

const fail = (
  code: ProviderErrorCode,
  given: { retryAfterMs?: number; costNanoUsd?: number } = {},
) => {
  throw new ProviderError(code, 'for a test', { retryable: true, ...given })
}

/** As if its wait were over. */
const makeDue = (id: string) =>
  database.db.updateTable('generations').set({ runAfter: null }).where('id', '=', id).execute()

const receipt = (tier: Tier) => ({ tier, priceVersion: '1', basis: 'measured' as const })

/** Runs it to the end that it is due again, in the millisecond that Postgres rounds to. */
const expectAtOnce = async (id: string, given: Partial<RunDeps> = {}) => {
  const outcome = await run(id, given)
  expect(outcome).toMatchObject({ kind: 'again' })
  expect('delayMs' in outcome && outcome.delayMs).toBeLessThanOrEqual(1)
  await makeDue(id)
}

const success = { kind: 'finished', status: 'succeeded' }

describe('what is asked for ahead of need', () => {
  test('is made at half the price, and its books say so', async () => {
    answer = async () => ({ receipt: receipt('flex') })
    const { id } = await insert()
    expect(await run(id)).toMatchObject(success)
    expect(await read(id)).toMatchObject({ tier: 'flex', costNanoUsd: FLEX_NANO_USD })
    expect(await listAttempts(id)).toEqual([
      {
        tier: 'flex',
        servedTier: 'flex',
        outcome: 'image',
        costNanoUsd: FLEX_NANO_USD,
        heldNanoUsd: FLEX_NANO_USD,
      },
    ])
  })

  test('and is served as standard costs what that costs', async () => {
    answer = async () => ({ receipt: receipt('standard') })
    const { id } = await insert()
    expect(await run(id)).toMatchObject(success)
    expect(await read(id)).toMatchObject({ tier: 'standard', costNanoUsd: STANDARD_NANO_USD })
    expect(await listAttempts(id)).toMatchObject([{ tier: 'flex', servedTier: 'standard' }])
  })

  test('tells the queue that it takes its time before it is sent, and a standard one does not', async () => {
    const long: string[] = []
    answer = async (tier) => {
      long.push(`sent at ${tier}`)
      return {}
    }
    const [eager, interactive] = [await insert(), await insert({ lane: 'interactive' })]
    for (const { id } of [eager, interactive]) await run(id, {}, () => long.push('long'))
    expect(long).toEqual(['long', 'sent at flex', 'sent at standard'])
  })
})

describe('a model that has no room at the tier', () => {
  test.each<[ProviderErrorCode, number]>([
    ['overloaded', 0],
    ['rate_limited', 60_000],
  ])('(%s) is asked again later, and nothing is used up by it', async (code, retryAfterMs) => {
    answer = async () => fail(code, { retryAfterMs })
    const { id } = await insert()
    const outcome = await run(id)
    expect(outcome).toMatchObject({ kind: 'again' })
    expect('delayMs' in outcome && outcome.delayMs).toBeGreaterThanOrEqual(
      Math.max(29_000, retryAfterMs - 1_000),
    )
    expect(await read(id)).toMatchObject({ ...none, status: 'queued' })
    expect(await listAttempts(id)).toMatchObject([{ tier: 'flex', outcome: code, costNanoUsd: 0 }])
  })

  test('is not asked by others meanwhile, nor said to be down, and answers whoever waits', async () => {
    answer = async (tier) => (tier === 'flex' ? fail('overloaded') : {})
    const [first, second, third] = [await insert(), await insert(), await insert()]
    await run(first.id)
    const breaker: RunDeps['breaker'] = () => {
      throw new Error('it is none of its business')
    }
    expect(await run(second.id, { breaker })).toMatchObject({ kind: 'again' })
    expect(asked).toEqual(['flex'])
    expect(await listAttempts(second.id)).toEqual([])
    expect(await database.db.selectFrom('modelLimits').selectAll().execute()).toEqual([])
    await promoteGeneration(database.db, third.id, HOUR_MS)
    expect(await run(third.id)).toMatchObject(success)
    expect(asked).toEqual(['flex', 'standard'])
  })

  test('is left alone for longer each time', async () => {
    answer = async () => fail('overloaded')
    const lengths: number[] = []
    for (let round = 0; round < 3; round++) {
      await run((await insert()).id)
      const { rows } = await sql<{ ms: number }>`
        select (extract(epoch from limited_until - limited_at) * 1000)::float8 as ms from tier_limits`.execute(
        database.db,
      )
      lengths.push(Math.round((rows[0]?.ms ?? 0) / 1_000))
      // As if it were over.
      await sql`update tier_limits set limited_at = limited_at - (limited_until - now()) - interval '1 ms', limited_until = now() - interval '1 ms'`.execute(
        database.db,
      )
    }
    expect(lengths).toEqual([30, 60, 120])
  })

  test('for an hour is asked at the standard price', async () => {
    answer = async (tier) => (tier === 'flex' ? fail('overloaded') : {})
    const startedAt = new Date(Date.now() - HOUR_MS)
    const { id } = await insert({ startedAt })
    expect(await run(id)).toMatchObject(success)
    expect(asked).toEqual(['standard'])
    expect(await read(id)).toMatchObject({ costNanoUsd: STANDARD_NANO_USD })
  })

  test('is not waited for beyond that hour, nor beyond what a standard call needs of the deadline', async () => {
    answer = async () => fail('rate_limited', { retryAfterMs: HOUR_MS })
    const late = await insert({ startedAt: new Date(Date.now() - HOUR_MS + 60_000) })
    const short = await insert({ deadlineAt: new Date(Date.now() + 60_000) })
    for (const { id } of [late, short]) {
      await database.db.deleteFrom('tierLimits').execute()
      const outcome = await run(id)
      expect(outcome).toMatchObject({ kind: 'again' })
      expect('delayMs' in outcome && outcome.delayMs).toBeLessThanOrEqual(60_000)
    }
  })
})

describe('a model that does not take the tier', () => {
  test.each<ProviderErrorCode>(['invalid_request', 'unauthorized', 'model_gone'])(
    '(%s) makes it at the standard one at once, and is not asked for a day',
    async (code) => {
      answer = async (tier) => (tier === 'flex' ? fail(code) : {})
      const { id } = await insert()
      await expectAtOnce(id)
      expect(await read(id)).toMatchObject({ ...none, status: 'queued' })
      expect(await run(id)).toMatchObject(success)
      expect(asked).toEqual(['flex', 'standard'])
      expect(await read(id)).toMatchObject({ tier: 'standard', attempts: 1, paidCalls: 1 })

      const next = await insert()
      expect(await run(next.id)).toMatchObject(success)
      expect(asked).toEqual(['flex', 'standard', 'standard'])
      await sql`update tier_limits set limited_until = now()`.execute(database.db)
      await run((await insert()).id)
      expect(asked.at(-1)).toBe('flex')
    },
  )

  test('is told from a request that is wrong, which ends as it does', async () => {
    answer = async () => fail('invalid_request')
    const { id } = await insert()
    await expectAtOnce(id)
    expect(await run(id)).toMatchObject({ kind: 'finished', status: 'failed' })
    expect(asked).toEqual(['flex', 'standard'])
    expect(await database.db.selectFrom('tierLimits').selectAll().execute()).toEqual([])
  })
})

describe('a call at the tier that counts', () => {
  test('refuses the prompt once and for all', async () => {
    answer = async () => fail('refused_prompt')
    const { id } = await insert()
    expect(await run(id)).toMatchObject({ status: 'failed', code: 'refused_prompt' })
    expect(asked).toEqual(['flex'])
  })

  test('and whose result is lost is booked at what was set aside, and made again at the standard one', async () => {
    answer = async (tier) => (tier === 'flex' ? fail('timeout') : {})
    const { id } = await insert()
    expect(await run(id)).toMatchObject({ kind: 'again' })
    expect(await read(id)).toMatchObject({
      paidCalls: 1,
      ambiguousCalls: 1,
      costNanoUsd: FLEX_NANO_USD,
    })
    await makeDue(id)
    expect(await run(id)).toMatchObject(success)
    expect(asked).toEqual(['flex', 'standard'])
    expect(await read(id)).toMatchObject({ costNanoUsd: FLEX_NANO_USD + STANDARD_NANO_USD })
  })
})

describe('a person who comes', () => {
  test('before it is sent has it made at once', async () => {
    const { id } = await insert()
    const compare = async () => {
      await promoteGeneration(database.db, id, HOUR_MS)
      return {}
    }
    await expectAtOnce(id, { compare })
    expect(await read(id)).toMatchObject({ ...none, status: 'queued' })
    expect(await run(id)).toMatchObject(success)
    expect(asked).toEqual(['standard'])
  })

  test('while it is out gets that one', async () => {
    const { id } = await insert()
    answer = async () => {
      await promoteGeneration(database.db, id, HOUR_MS)
      return {}
    }
    expect(await run(id)).toMatchObject(success)
    expect(asked).toEqual(['flex'])
    expect(await read(id)).toMatchObject({ lane: 'interactive', costNanoUsd: FLEX_NANO_USD })
  })

  test('while it is out and has no room then has it made at once', async () => {
    const { id } = await insert()
    answer = async (tier) => {
      if (tier === 'standard') return {}
      await promoteGeneration(database.db, id, HOUR_MS)
      return fail('overloaded')
    }
    await expectAtOnce(id)
    expect(await run(id)).toMatchObject(success)
    expect(asked).toEqual(['flex', 'standard'])
  })
})

describe('a worker that has as many out as it may', () => {
  test('puts the next off before it is claimed, and takes what people wait for', async () => {
    const flex = createFlexLane(1)
    const leave = flex.enter()
    const [eager, interactive] = [await insert(), await insert({ lane: 'interactive' })]
    const outcome = await run(eager.id, { flex })
    expect(outcome).toMatchObject({ kind: 'again' })
    expect('delayMs' in outcome && outcome.delayMs).toBeGreaterThanOrEqual(30_000)
    const row = await read(eager.id)
    expect(row).toMatchObject({ claims: 0, status: 'queued', eventSequence: eager.eventSequence })
    expect(row.runAfter?.getTime()).toBeGreaterThan(Date.now() + 20_000)
    expect(await run(interactive.id, { flex })).toMatchObject(success)
    leave?.()
    await makeDue(eager.id)
    expect(await run(eager.id, { flex })).toMatchObject(success)
    expect(asked).toEqual(['standard', 'flex'])
    expect(flex.countOut()).toBe(0)
  })

  test('puts off nothing that is to be standard', async () => {
    const flex = createFlexLane(0)
    const { id } = await insert({ startedAt: new Date(Date.now() - HOUR_MS) })
    expect(await run(id, { flex })).toMatchObject(success)
  })

  test('gives back what is claimed at the same moment', async () => {
    const lane = createFlexLane(0)
    const { id } = await insert()
    const outcome = await run(id, { flex: { ...lane, isFull: () => false } })
    expect(outcome).toMatchObject({ kind: 'again' })
    expect(asked).toEqual([])
    expect(await read(id)).toMatchObject({ ...none, status: 'queued' })
  })
})
