import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import type { WebhookDeliveryRow } from '../../db/schema.ts'
import type { Attempt } from '../../src/features/webhooks/attempt.ts'
import { claimDeliveries } from '../../src/features/webhooks/claim.ts'
import { redeliver } from '../../src/features/webhooks/deliveries.ts'
import {
  changeEndpoint,
  deleteEndpoint,
  getEndpoint,
} from '../../src/features/webhooks/endpoints.ts'
import { recordAttempt, releaseDelivery } from '../../src/features/webhooks/record.ts'
import { openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.db.deleteFrom('webhookEndpoints').execute()
})

const WAITS_MS = [60_000, 120_000]
const LEASE_MS = 60_000
const DAY_MS = 24 * 60 * 60_000
const ago = (ms: number) => new Date(Date.now() - ms)
const ahead = (ms: number) => new Date(Date.now() + ms)

const insertEndpoint = async (given: { failingSince?: Date } = {}): Promise<string> => {
  const id = `we_${randomBytes(20).toString('hex')}`
  await database.db
    .insertInto('webhookEndpoints')
    .values({
      ...{ id, ownerId: 'alice', url: 'https://example.test/hook', events: ['webhook.test'] },
      secret: 'whsec_c2VjcmV0',
      ...given,
    })
    .execute()
  return id
}

type Given = Partial<Omit<WebhookDeliveryRow, 'snapshot'>>

/** A delivery that a worker has claimed for the second time, after one failure. */
const insertClaimed = async (
  endpointId: string,
  given: Given = {},
): Promise<WebhookDeliveryRow> => {
  const claimed = {
    claims: 2,
    failures: 1,
    nextAttemptAt: ago(10),
    leaseExpiresAt: ahead(LEASE_MS),
  }
  return database.db
    .insertInto('webhookDeliveries')
    .values({ endpointId, type: 'webhook.test', snapshot: null, ...claimed, ...given })
    .returningAll()
    .executeTakeFirstOrThrow()
}

const readDelivery = (id: string) =>
  database.db.selectFrom('webhookDeliveries').selectAll().where('id', '=', id).executeTakeFirst()

const countAttempts = async (deliveryId: string) =>
  (
    await database.db
      .selectFrom('webhookAttempts')
      .select('id')
      .where('deliveryId', '=', deliveryId)
      .execute()
  ).length

const attempt = (outcome: Partial<Attempt>): Attempt => ({
  startedAt: new Date(),
  durationMs: 12,
  ...outcome,
})
const results = {
  delivered: attempt({ statusCode: 200, answer: 'thanks' }),
  refused: attempt({ statusCode: 500, error: 'answered 500' }),
  silent: attempt({ error: 'no answer within 500 ms' }),
  gone: attempt({ statusCode: 410, error: 'answered 410' }),
}

/** What may have happened between an attempt's claim and its end, by what is done to the delivery meanwhile. */
const meanwhile = {
  nothing: async () => {},
  'the lease ran out': async (row) => {
    await update(row, { leaseExpiresAt: ago(1) })
  },
  'another worker claimed it': async (row) => {
    await update(row, { leaseExpiresAt: ago(1) })
    await claim()
  },
  'another worker delivered it': async (row) => {
    await update(row, { leaseExpiresAt: ago(1) })
    const [taken] = await claim()
    if (taken) await recordAttempt(database.db, taken, results.delivered, WAITS_MS)
  },
  'another worker gave it up': async (row) => {
    await update(row, { leaseExpiresAt: ago(1), failures: 2 })
    const [taken] = await claim()
    if (taken) await recordAttempt(database.db, taken, results.refused, WAITS_MS)
  },
  'it was to be told again by hand': async (row) => {
    await redeliver(database.db, await endpointOf(row), row.id)
  },
  'the endpoint was disabled': async (row) => {
    await changeEndpoint(database.db, 'everyone', row.endpointId, { isEnabled: false })
  },
  'the endpoint was disabled, enabled and told again': async (row) => {
    await changeEndpoint(database.db, 'everyone', row.endpointId, { isEnabled: false })
    await changeEndpoint(database.db, 'everyone', row.endpointId, { isEnabled: true })
    await redeliver(database.db, await endpointOf(row), row.id)
  },
  'the endpoint was removed': async (row) => {
    await deleteEndpoint(database.db, 'everyone', row.endpointId)
  },
} satisfies Record<string, (row: WebhookDeliveryRow) => Promise<void>>

const update = (row: WebhookDeliveryRow, change: Given) =>
  database.db.updateTable('webhookDeliveries').set(change).where('id', '=', row.id).execute()
const endpointOf = (row: WebhookDeliveryRow) => getEndpoint(database.db, 'everyone', row.endpointId)
const claim = (
  given: Partial<Parameters<typeof claimDeliveries>[1]> = {},
): Promise<WebhookDeliveryRow[]> =>
  claimDeliveries(database.db, {
    ...{ free: 10, maxEach: 4, underWay: new Map(), leaseMs: LEASE_MS, isForAlerts: false },
    ...given,
  })

describe('a result is recorded while its claim stands, and changes nothing afterwards', () => {
  // biome-ignore format: a table
  const cases: [keyof typeof meanwhile, keyof typeof results, isRecorded: boolean, status: string, failures: number][] = [
    ['nothing',                         'delivered', true,  'delivered', 1],
    ['nothing',                         'refused',   true,  'pending',   2],
    ['nothing',                         'silent',    true,  'pending',   2],
    ['nothing',                         'gone',      true,  'failed',    2],
    ['the lease ran out',               'delivered', true,  'delivered', 1],
    ['the lease ran out',               'refused',   true,  'pending',   2],
    ['another worker claimed it',       'delivered', false, 'pending',   1],
    ['another worker claimed it',       'refused',   false, 'pending',   1],
    ['another worker claimed it',       'gone',      false, 'pending',   1],
    ['another worker delivered it',     'delivered', false, 'delivered', 1],
    ['another worker delivered it',     'refused',   false, 'delivered', 1],
    ['another worker gave it up',       'delivered', false, 'failed',    3],
    ['another worker gave it up',       'refused',   false, 'failed',    3],
    ['it was to be told again by hand',  'delivered', false, 'pending',   0],
    ['it was to be told again by hand',  'refused',   false, 'pending',   0],
    ['the endpoint was disabled',       'delivered', false, 'failed',    1],
    ['the endpoint was disabled',       'refused',   false, 'failed',    1],
    ['the endpoint was disabled, enabled and told again', 'delivered', false, 'pending', 0],
    ['the endpoint was disabled, enabled and told again', 'refused',   false, 'pending', 0],
  ]

  test.each(cases)('when %s: %s', async (event, result, isRecorded, status, failures) => {
    const row = await insertClaimed(await insertEndpoint())
    await meanwhile[event](row)
    const before = { row: await readDelivery(row.id), attempts: await countAttempts(row.id) }
    expect(await recordAttempt(database.db, row, results[result], WAITS_MS)).toBe(isRecorded)
    const after = { row: await readDelivery(row.id), attempts: await countAttempts(row.id) }
    expect(after.row).toMatchObject({ status, failures })
    expect(after.attempts - before.attempts).toBe(isRecorded ? 1 : 0)
    if (!isRecorded) expect(after).toEqual(before)
  })

  test('of an endpoint that was removed nothing is left to record on', async () => {
    const row = await insertClaimed(await insertEndpoint())
    await meanwhile['the endpoint was removed'](row)
    expect(await recordAttempt(database.db, row, results.delivered, WAITS_MS)).toBe(false)
    expect(await readDelivery(row.id)).toBeUndefined()
  })

  test.each(Object.keys(meanwhile) as (keyof typeof meanwhile)[])(
    'a delivery is given back by who has it alone: %s',
    async (event) => {
      const row = await insertClaimed(await insertEndpoint())
      await meanwhile[event](row)
      const before = await readDelivery(row.id)
      await releaseDelivery(database.db, row)
      const isTheirs = event === 'nothing' || event === 'the lease ran out'
      const expected = isTheirs && before ? { ...before, leaseExpiresAt: null } : before
      expect(await readDelivery(row.id)).toEqual(expected)
    },
  )
})

describe('what follows from an attempt', () => {
  test.each([
    { failures: 0, result: results.refused, waitMs: 60_000 },
    { failures: 1, result: results.refused, waitMs: 120_000 },
    { failures: 2, result: results.refused, waitMs: undefined },
    {
      failures: 0,
      result: { ...results.refused, statusCode: 503, retryAfter: '3600' },
      waitMs: 3_600_000,
    },
    { failures: 0, result: results.delivered, waitMs: undefined },
  ])('after $failures failures, $result.statusCode waits for $waitMs', async (given) => {
    const { failures, result, waitMs } = given
    const row = await insertClaimed(await insertEndpoint(), { failures })
    await recordAttempt(database.db, row, result, WAITS_MS)
    const wait = sql<number | null>`extract(epoch from next_attempt_at - now())::float8 * 1000`
    const after = await database.db
      .selectFrom('webhookDeliveries')
      .select([wait.as('waitMs'), 'leaseExpiresAt'])
      .where('id', '=', row.id)
      .executeTakeFirstOrThrow()
    expect(after.leaseExpiresAt).toBeNull()
    if (waitMs === undefined) expect(after.waitMs).toBeNull()
    // A minute is given to the machine, and a fifth to chance.
    else expect(after.waitMs).toBeGreaterThan(waitMs - 60_000)
  })

  test.each([
    { result: 'delivered', failingDays: 6, isEnabled: true, reason: null, isFailing: false },
    { result: 'refused', failingDays: undefined, isEnabled: true, reason: null, isFailing: true },
    { result: 'refused', failingDays: 4, isEnabled: true, reason: null, isFailing: true },
    { result: 'refused', failingDays: 6, isEnabled: false, reason: 'failing', isFailing: true },
    { result: 'gone', failingDays: undefined, isEnabled: false, reason: 'gone', isFailing: false },
  ] as const)(
    '$result after $failingDays days of failures leaves an endpoint enabled: $isEnabled',
    async ({ result, failingDays, isEnabled, reason, isFailing }) => {
      const given = failingDays ? { failingSince: ago(failingDays * DAY_MS) } : {}
      const endpointId = await insertEndpoint(given)
      const row = await insertClaimed(endpointId)
      const waiting = await insertClaimed(endpointId, { claims: 0, leaseExpiresAt: null })
      const others = await insertClaimed(await insertEndpoint())
      await recordAttempt(database.db, row, results[result], WAITS_MS)
      const endpoint = await getEndpoint(database.db, 'everyone', endpointId)
      expect(endpoint).toMatchObject({ isEnabled, disabledReason: reason })
      expect(endpoint.failingSince !== null).toBe(isFailing)
      expect((await readDelivery(waiting.id))?.status).toBe(isEnabled ? 'pending' : 'failed')
      expect(await readDelivery(others.id)).toEqual(others)
    },
  )
})

describe('a delivery is claimed', () => {
  // biome-ignore format: a table
  const standings: { name: string; given: Given; isForAlerts: boolean; isTaken: boolean }[] = [
    { name: 'that is due',                    given: { leaseExpiresAt: null }, isForAlerts: false, isTaken: true },
    { name: 'whose lease is dead',            given: { leaseExpiresAt: ago(1) }, isForAlerts: false, isTaken: true },
    { name: 'that another has',               given: {}, isForAlerts: false, isTaken: false },
    { name: 'that is not due yet',            given: { leaseExpiresAt: null, nextAttemptAt: ahead(60_000) }, isForAlerts: false, isTaken: false },
    { name: 'that is delivered',              given: { leaseExpiresAt: null, nextAttemptAt: null, status: 'delivered' }, isForAlerts: false, isTaken: false },
    { name: 'that has failed for good',       given: { leaseExpiresAt: null, nextAttemptAt: null, status: 'failed' }, isForAlerts: false, isTaken: false },
    { name: 'of no alert, by who tells those', given: { leaseExpiresAt: null }, isForAlerts: true, isTaken: false },
    { name: 'of an alert, by who tells those', given: { leaseExpiresAt: null, type: 'alert.firing' }, isForAlerts: true, isTaken: true },
  ]

  test.each(standings)('$name: $isTaken', async ({ given, isForAlerts, isTaken }) => {
    const row = await insertClaimed(await insertEndpoint(), given)
    const taken = await claim({ isForAlerts })
    expect(taken.map(({ id, claims }) => ({ id, claims }))).toEqual(
      isTaken ? [{ id: row.id, claims: row.claims + 1 }] : [],
    )
    if (isTaken) expect(await claim({ isForAlerts })).toEqual([])
    else expect(await readDelivery(row.id)).toEqual(row)
  })

  test('by one of many that claim at once, and no more of an endpoint than it may have', async () => {
    const endpointId = await insertEndpoint()
    for (let i = 0; i < 6; i++) await insertClaimed(endpointId, { leaseExpiresAt: null })
    const taken = (await Promise.all(Array.from({ length: 5 }, () => claim()))).flat()
    const ids = taken.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(await claim({ maxEach: 1, underWay: new Map([[endpointId, 1]]) })).toEqual([])
  })
})
