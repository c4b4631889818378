import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { deleteOldDeliveries } from '../../src/features/webhooks/maintenance.ts'
import { openTestDatabase } from '../support/rows.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>

beforeEach(async () => {
  database = await openTestDatabase()
  const endpoint = { id: 'we_1', ownerId: 'alice', url: 'https://app.example', secret: 'whsec_' }
  await database.db
    .insertInto('webhookEndpoints')
    .values({ ...endpoint, events: [] })
    .execute()
})
afterEach(() => database.close())

const DAY_MS = 24 * 3_600_000

const insertDeliveries = (prefix: string, count: number, ageMs: number) =>
  database.db
    .insertInto('webhookDeliveries')
    .values(
      Array.from({ length: count }, (_, i) => ({
        id: `${prefix}${i}`,
        endpointId: 'we_1',
        type: 'webhook.test',
        createdAt: new Date(Date.now() - ageMs),
      })),
    )
    .execute()

test('deliveries of a month ago go with their attempts, however many; the others stay', async () => {
  await insertDeliveries('old', 2_500, 31 * DAY_MS)
  await insertDeliveries('young', 2, 29 * DAY_MS)
  const attempt = { startedAt: new Date(), durationMs: 1 }
  await database.db
    .insertInto('webhookAttempts')
    .values(['old0', 'young0'].map((deliveryId) => ({ ...attempt, deliveryId })))
    .execute()
  const reports = await Promise.all([1, 2].map(() => deleteOldDeliveries(database.db)))
  const { deleted: rest } = await deleteOldDeliveries(database.db)
  expect(reports.reduce((sum, { deleted }) => sum + deleted, rest)).toBe(2_500)
  const left = await database.db
    .selectFrom('webhookDeliveries')
    .select('id')
    .orderBy('id')
    .execute()
  expect(left.map(({ id }) => id)).toEqual(['young0', 'young1'])
  const attempts = await database.db.selectFrom('webhookAttempts').select('deliveryId').execute()
  expect(attempts).toEqual([{ deliveryId: 'young0' }])
})
