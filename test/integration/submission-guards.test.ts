import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { createInFlightCounts } from '../../src/generation/state/in-flight-counts.ts'
import {
  type GenerationToInsert,
  type InsertLimits,
  insertOrRequeue,
  isOwnerFull,
} from '../../src/generation/state/insert-or-requeue.ts'
import { findAnswering } from '../../src/generation/state/repository.ts'
import { createSweep, type SweptQueue } from '../../src/generation/state/sweep.ts'
import { insertDeferred } from '../../src/generation/submit/deferred-submission.ts'
import { insertHookDelivery } from '../../src/generation/submit/hook-delivery.ts'
import { bindIdempotencyKey } from '../../src/generation/submit/idempotency.ts'
import { aNewGeneration } from '../support/new-generation.ts'
import { newGenerationId, openTestDatabase } from '../support/rows.ts'
import { GIVE_UP_MS, insertStanding, STANDINGS, type Standing } from '../support/standings.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeAll(async () => {
  database = await openTestDatabase()
  await database.db.insertInto('users').values({ id: 'bob' }).execute()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.db.deleteFrom('generations').execute()
})

const HOUR_MS = 3_600_000
const ago = (ms: number) => new Date(Date.now() - ms)

const wanted = aNewGeneration

const limits = { refusalTtlMs: HOUR_MS, maxInFlight: 1_000, giveUpMs: GIVE_UP_MS }

const insert = (rows: GenerationToInsert[], given: Partial<InsertLimits> = {}) =>
  insertOrRequeue(database.db, rows, { ...limits, ...given })

const answering = async (fingerprint: string, refusalTtlMs = HOUR_MS) =>
  (await findAnswering(database.db, [fingerprint], refusalTtlMs))[0]?.id

describe('a request is answered by what is there', () => {
  // biome-ignore format: a table
  const cases: { standing: Standing; errorCode?: string; errorRetryable?: boolean; endedHoursAgo?: number; isAnswer: boolean }[] = [
    { standing: 'queued',     isAnswer: true },
    { standing: 'later',      isAnswer: true },
    { standing: 'live lease', isAnswer: true },
    { standing: 'dead lease', isAnswer: true },
    { standing: 'succeeded',  isAnswer: true },
    { standing: 'canceled',   isAnswer: false },
    { standing: 'failed',     errorCode: 'no_image',       endedHoursAgo: 0.1, isAnswer: false },
    { standing: 'failed',     errorCode: 'no_image',       endedHoursAgo: 0.1, isAnswer: false, errorRetryable: true },
    { standing: 'failed',     errorCode: 'no_image',       endedHoursAgo: 0.1, isAnswer: true,  errorRetryable: false },
    { standing: 'failed',     errorCode: 'no_image',       endedHoursAgo: 2,   isAnswer: false, errorRetryable: false },
    { standing: 'failed',     errorCode: 'timeout',        endedHoursAgo: 0.1, isAnswer: false },
    { standing: 'failed',     errorCode: 'refused_prompt', endedHoursAgo: 0.1, isAnswer: true },
    { standing: 'failed',     errorCode: 'refused_image',  endedHoursAgo: 0.1, isAnswer: true },
    { standing: 'failed',     errorCode: 'refused_prompt', endedHoursAgo: 2,   isAnswer: false },
    { standing: 'canceled',   errorCode: 'refused_prompt', endedHoursAgo: 0.1, isAnswer: false },
  ]

  test.each(cases)(
    '$standing, $errorCode, $errorRetryable, $endedHoursAgo hours ago: $isAnswer',
    async ({ standing, errorCode, errorRetryable, endedHoursAgo, isAnswer }) => {
      const there = await insertStanding(database.db, standing, {
        ...(errorCode && { errorCode }),
        ...(errorRetryable !== undefined && { errorRetryable }),
        ...(endedHoursAgo && { finishedAt: ago(endedHoursAgo * HOUR_MS) }),
      })
      const fingerprint = there.fingerprint
      expect(await answering(fingerprint)).toBe(isAnswer ? there.id : undefined)
      const [plain] = await insert([wanted({ fingerprint })])
      expect(plain === undefined).toBe(isAnswer)
      const [forced] = await insert([wanted({ fingerprint, revision: '1', joinsOthers: false })])
      expect(forced).toBeDefined()
    },
  )

  test('nothing is remembered of a refusal where that is switched off', async () => {
    const given = { errorCode: 'refused_prompt', finishedAt: ago(1_000) }
    const { fingerprint } = await insertStanding(database.db, 'failed', given)
    expect(await answering(fingerprint, 0)).toBeUndefined()
  })

  test('the newest image comes before what is under way, and that before a refusal', async () => {
    const fingerprint = newGenerationId()
    const refusal = { errorCode: 'refused_prompt', finishedAt: ago(0), fingerprint }
    const refused = await insertStanding(database.db, 'failed', refusal)
    expect(await answering(fingerprint)).toBe(refused.id)
    const running = await insertStanding(database.db, 'live lease', { fingerprint })
    expect(await answering(fingerprint)).toBe(running.id)
    const old = { fingerprint, finishedAt: ago(HOUR_MS) }
    const older = await insertStanding(database.db, 'succeeded', old)
    expect(await answering(fingerprint)).toBe(older.id)
    const fresh = { fingerprint, finishedAt: ago(1_000) }
    const newer = await insertStanding(database.db, 'succeeded', fresh)
    expect(await answering(fingerprint)).toBe(newer.id)
  })

  test('of equal requests at one moment one is new', async () => {
    const fingerprint = newGenerationId()
    const rows = Array.from({ length: 5 }, () => wanted({ id: fingerprint }))
    const together = await insert(rows)
    expect(together.filter((row) => row !== undefined)).toHaveLength(1)
    const another = wanted({ id: newGenerationId() })
    const apart = await Promise.all(rows.map(() => insert([another])))
    expect(apart.flat().filter((row) => row !== undefined)).toHaveLength(1)
  })
})

describe('an owner may have so many in flight', () => {
  const MAX = 3
  const limits = { maxInFlight: MAX }

  test('and no more, whatever others have', async () => {
    for (const standing of STANDINGS) await insertStanding(database.db, standing)
    await database.db.deleteFrom('generations').where('status', '=', 'running').execute()
    // Two of alice's are queued.
    const rows = [wanted(), wanted(), wanted({ ownerId: 'bob' })]
    const [first, second, bobs] = await insert(rows, limits)
    expect([first !== undefined, second !== undefined, bobs !== undefined]).toEqual([
      true,
      false,
      true,
    ])
    expect(await insert([wanted()], limits)).toEqual([undefined])
    expect(await isOwnerFull(database.db, 'alice', MAX)).toBe(true)
    expect(await isOwnerFull(database.db, 'bob', MAX)).toBe(false)
  })

  test('and what was counted a moment ago is not counted again, but near the most', async () => {
    const inFlightCounts = createInFlightCounts()
    const remember = (inFlight: number) => inFlightCounts.note('alice', inFlight, true)
    const placeNext = async (): Promise<number | undefined> => {
      const [row] = await insert([wanted()], { maxInFlight: 50, inFlightCounts })
      return row?.stopped ? undefined : row?.generation.place
    }
    expect(await placeNext()).toBe(0)
    remember(40)
    expect([await placeNext(), await placeNext()]).toEqual([40, 41])
    remember(49)
    expect(await placeNext()).toBe(3)
  })

  test('and each is behind the ones before it', async () => {
    const [a, b] = await insert([wanted(), wanted({ ownerId: 'bob' })])
    const [c] = await insert([wanted()])
    expect([a, b, c]).toMatchObject([0, 0, 1].map((place) => ({ generation: { place } })))
  })
})

describe('an Idempotency-Key', () => {
  const bind = (ownerId: string, key: string, requestDigest: string, generationId: string) =>
    database.db
      .transaction()
      .execute((tx) => bindIdempotencyKey(tx, { ownerId, key, requestDigest, generationId }))

  test('is one submission’s, of one owner’s', async () => {
    expect(await bind('alice', 'k', 'a', 'g_1')).toMatchObject({ isNew: true })
    expect(await bind('alice', 'k', 'a', 'g_2')).toEqual({ isNew: false, generationId: 'g_1' })
    expect(await bind('bob', 'k', 'b', 'g_3')).toMatchObject({ isNew: true })
    expect(await bind('bob', 'k', 'b', 'g_4')).toEqual({ isNew: false, generationId: 'g_3' })
    expect(await bind('alice', 'k', 'a', 'g_5')).toEqual({ isNew: false, generationId: 'g_1' })
    expect(await bind('alice', 'k2', 'a', 'g_6')).toMatchObject({ isNew: true })
  })

  test('is refused with another request, and free after a day', async () => {
    await bind('alice', 'k3', 'a', 'g_1')
    await expect(bind('alice', 'k3', 'b', 'g_2')).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    })
    const row = await database.db
      .selectFrom('idempotencyKeys')
      .select(['createdAt', 'expiresAt'])
      .where('key', '=', 'k3')
      .executeTakeFirst()
    expect(Number(row?.expiresAt) - Number(row?.createdAt)).toBe(24 * HOUR_MS)
    const expired = { expiresAt: ago(1) }
    await database.db.updateTable('idempotencyKeys').set(expired).where('key', '=', 'k3').execute()
    expect(await bind('alice', 'k3', 'b', 'g_2')).toMatchObject({ isNew: true })
  })

  test('points to what answered in the end', async () => {
    await database.db.transaction().execute(async (tx) => {
      const key = { ownerId: 'alice', key: 'k4', requestDigest: 'a' }
      const bound = await bindIdempotencyKey(tx, { ...key, generationId: 'g_1' })
      if (bound.isNew) await bound.pointTo('g_2')
    })
    expect(await bind('alice', 'k4', 'a', 'g_3')).toEqual({ isNew: false, generationId: 'g_2' })
  })
})

test('a hook is taken once of each source', async () => {
  const take = (source: string, webhookId: string) =>
    database.db.transaction().execute((tx) => insertHookDelivery(tx, { source, webhookId }))
  await take('cms', '1')
  await expect(take('cms', '1')).rejects.toMatchObject({ code: 'hook_replayed' })
  await take('cms', '2')
  await take('shop', '1')
})

const idleQueue: SweptQueue = {
  enqueueAll: async () => {},
  findJobless: async (ids) => [...ids],
  listDelayed: async () => [],
  hasten: async () => {},
  mendClocks: async () => {},
}

describe('a deferred submission', () => {
  /** Whoever took it may have a clock that is wrong by years. */
  const PAST = '1999-01-01T00:00:00.000Z'
  const FUTURE = '2099-01-01T00:00:00.000Z'
  const defer = (generation: GenerationToInsert, parkedAt: string) =>
    insertDeferred(database.db, { generation, parkedAt }, GIVE_UP_MS)
  const statusOf = async (id: string) =>
    (await database.db.selectFrom('generations').select('status').where('id', '=', id).execute())[0]
      ?.status
  const end = (id: string, status: 'failed' | 'succeeded') =>
    database.db.updateTable('generations').set({ status }).where('id', '=', id).execute()

  test.each([PAST, FUTURE])('is queued once, however often it is delivered: %s', async (at) => {
    const generation = wanted()
    await defer(generation, at)
    expect(await statusOf(generation.id)).toBe('queued')
    await end(generation.id, 'failed')
    await defer(generation, at)
    expect(await statusOf(generation.id)).toBe('failed')
  })

  test.each([PAST, FUTURE])('asks again for what had failed before: %s', async (at) => {
    const generation = wanted()
    await insert([generation])
    await end(generation.id, 'failed')
    await defer(generation, at)
    expect(await statusOf(generation.id)).toBe('queued')
    await end(generation.id, 'succeeded')
    await defer(generation, `${at} again`)
    expect(await statusOf(generation.id)).toBe('succeeded')
  })
})

describe('a job is made due', () => {
  const ahead = new Date(Date.now() + HOUR_MS)
  // biome-ignore format: a table
  const cases: { standing: Standing; runAfter: Date | null; isDue: boolean }[] = [
    { standing: 'queued',     runAfter: null, isDue: true },
    { standing: 'queued',     runAfter: ago(1), isDue: true },
    { standing: 'queued',     runAfter: ahead, isDue: false },
    { standing: 'dead lease', runAfter: null, isDue: true },
    // Its worker finds that there is nothing to do.
    { standing: 'canceled',   runAfter: null, isDue: true },
  ]

  test.each(cases)('of $standing, to be run after $runAfter: $isDue', async (given) => {
    const { standing, runAfter, isDue } = given
    const { id } = await insertStanding(database.db, standing, { runAfter })
    const hastened: string[] = []
    await createSweep(database.db, {
      ...idleQueue,
      listDelayed: async () => [id, 'of no row'],
      hasten: async (ids) => void hastened.push(...ids),
    })()
    expect(hastened).toEqual(isDue ? [id, 'of no row'] : ['of no row'])
  })
})

describe('a job is made again', () => {
  // biome-ignore format: a table
  const cases: { standing: Standing; enqueuedSecondsAgo: number | null; isMade: boolean }[] = [
    { standing: 'queued',     enqueuedSecondsAgo: null, isMade: true },
    { standing: 'queued',     enqueuedSecondsAgo: 60, isMade: true },
    { standing: 'queued',     enqueuedSecondsAgo: -60, isMade: false },
    { standing: 'live lease', enqueuedSecondsAgo: 60, isMade: false },
    { standing: 'dead lease', enqueuedSecondsAgo: 60, isMade: true },
    { standing: 'succeeded',  enqueuedSecondsAgo: 60, isMade: false },
    { standing: 'failed',     enqueuedSecondsAgo: 60, isMade: false },
    { standing: 'canceled',   enqueuedSecondsAgo: 60, isMade: false },
  ]

  test.each(cases)('of $standing, enqueued $enqueuedSecondsAgo s ago: $isMade', async (given) => {
    const { standing, enqueuedSecondsAgo, isMade } = given
    const enqueuedAt = enqueuedSecondsAgo === null ? null : ago(enqueuedSecondsAgo * 1_000)
    const { id } = await insertStanding(database.db, standing, { enqueuedAt })
    const jobs: string[] = []
    const count = await createSweep(database.db, {
      ...idleQueue,
      enqueueAll: async (taken) => void jobs.push(...taken.map(({ generationId }) => generationId)),
    })()
    expect({ count, jobs }).toEqual(isMade ? { count: 1, jobs: [id] } : { count: 0, jobs: [] })
  })
})
