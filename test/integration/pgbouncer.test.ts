import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { startTestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startPgBouncer } from '../support/pgbouncer.ts'

let database: TestDatabase
let bouncer: Awaited<ReturnType<typeof startPgBouncer>>
beforeAll(async () => {
  database = await createTestDatabase()
  bouncer = await startPgBouncer(database.url)
})
afterAll(async () => {
  await bouncer.stop()
  await database.drop()
})

test.each([
  ['session', 'postgres'],
  ['session', 'redis'],
  ['transaction', 'redis'],
  ['transaction', 'postgres'],
] as const)('%s %s', async (mode, backend) => {
  const app = await startTestApp({
    backend,
    env: {
      DATABASE_URL: bouncer.urlOf(mode),
      ...(mode === 'transaction' && { DATABASE_DIRECT_URL: database.url }),
      LOG_LEVEL: 'warn',
    },
  })
  const alice = await createClient(app)
  const { body } = await alice.generateAndWait({ prompt: `through a pooler ${mode} ${backend}` })
  expect(body.status).toBe('succeeded')
  await app.stop()
})
