import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { deleteOldAlertEvents } from '../../src/features/alerts/maintenance.ts'
import { openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
beforeEach(async () => {
  database = await openTestDatabase()
})
afterEach(() => database.close())

const DAY_MS = 24 * 60 * 60_000

const insertEvents = (count: number, agoMs: number) =>
  database.db
    .insertInto('alertEvents')
    .values(
      Array.from({ length: count }, () => ({
        alert: 'queue_old' as const,
        state: 'firing' as const,
        at: new Date(Date.now() - agoMs),
        value: 1,
        threshold: 0,
        sample: 1,
      })),
    )
    .execute()

test('what happened to alerts is kept for 90 days, and goes then, however much', async () => {
  await insertEvents(1_500, 91 * DAY_MS)
  await insertEvents(3, 89 * DAY_MS)
  expect(await deleteOldAlertEvents(database.db)).toEqual({ deleted: 1_500 })
  expect(await database.db.selectFrom('alertEvents').selectAll().execute()).toHaveLength(3)
  await expect(deleteOldAlertEvents(database.db, AbortSignal.abort())).rejects.toThrow()
})
