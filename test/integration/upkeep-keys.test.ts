import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { deleteExpiredKeys } from '../../src/features/maintenance/idempotency-keys.ts'
import { openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeEach(async () => {
  database = await openTestDatabase()
})
afterEach(() => database.close())

const HOUR_MS = 60 * 60_000

const insertKeys = (prefix: string, count: number, expiresInMs: number) =>
  database.db
    .insertInto('idempotencyKeys')
    .values(
      Array.from({ length: count }, (_, i) => ({
        ownerId: 'alice',
        key: `${prefix}${i}`,
        requestDigest: 'digest',
        generationId: 'g_1',
        expiresAt: new Date(Date.now() + expiresInMs),
      })),
    )
    .execute()

const listKeys = async () => {
  const rows = await database.db
    .selectFrom('idempotencyKeys')
    .select('key')
    .orderBy('key')
    .execute()
  return rows.map(({ key }) => key)
}

test('keys that have expired go, however many; the others stay', async () => {
  await insertKeys('old', 2_500, -HOUR_MS)
  await insertKeys('young', 2, HOUR_MS)
  expect(await deleteExpiredKeys(database.db)).toEqual({ deleted: 2_500 })
  expect(await listKeys()).toEqual(['young0', 'young1'])
  expect(await deleteExpiredKeys(database.db)).toEqual({ deleted: 0 })
})

test('a key that expires at this moment is left for whoever is about to read it', async () => {
  await insertKeys('just', 1, -1_000)
  expect(await deleteExpiredKeys(database.db)).toEqual({ deleted: 0 })
})

test('several at once delete each key once', async () => {
  await insertKeys('old', 2_500, -HOUR_MS)
  const reports = await Promise.all([1, 2, 3].map(() => deleteExpiredKeys(database.db)))
  const deleted = reports.reduce((sum, report) => sum + report.deleted, 0)
  const { deleted: rest } = await deleteExpiredKeys(database.db)
  expect(deleted + rest).toBe(2_500)
  expect(await listKeys()).toEqual([])
})

test('a worker that stops leaves the rest to another', async () => {
  await insertKeys('old', 1, -HOUR_MS)
  await expect(deleteExpiredKeys(database.db, AbortSignal.abort())).rejects.toThrow('abort')
  expect(await listKeys()).toEqual(['old0'])
})
