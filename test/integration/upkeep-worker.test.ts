import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { findOnPath } from '../support/programs.ts'
import { insertSuccess } from '../support/rows.ts'
import { describeWhen } from '../support/skip.ts'
import { startRedisServer } from '../support/test-redis.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp

afterEach(() => app.stop())

const insertOldKey = async () => {
  const owner = { id: 'alice' }
  await app.db
    .insertInto('users')
    .values(owner)
    .onConflict((c) => c.doNothing())
    .execute()
  await app.db
    .insertInto('idempotencyKeys')
    .values({
      ownerId: owner.id,
      key: 'old',
      requestDigest: 'digest',
      generationId: 'g_1',
      expiresAt: new Date(0),
    })
    .execute()
}
const waitForOldKeyToGo = () =>
  waitFor(
    async () => {
      const rows = await app.db.selectFrom('idempotencyKeys').select('key').execute()
      return rows.length === 0
    },
    { what: 'the key to go' },
  )

describeEachBackend('a worker keeps house', (backend) => {
  test('by schedule: expired keys, images that are lost, objects that nobody refers to', async () => {
    app = await startTestApp({ backend, workers: 0 })
    await insertOldKey()
    const { id } = await insertSuccess(app.db)
    const folder = join(app.dataDir, 'images', 'generated', 'g_0')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'orphan'), 'an object')
    const longAgo = new Date(Date.now() - 30 * 24 * 60 * 60_000)
    await utimes(join(folder, 'orphan'), longAgo, longAgo)
    await Promise.all([app.startWorker(), app.startWorker()])
    await waitForOldKeyToGo()
    await waitFor(
      () =>
        app.db
          .selectFrom('generations')
          .select('id')
          .where('id', '=', id)
          .where('errorCode', '=', 'image_lost')
          .executeTakeFirst(),
      { what: 'the loss to be found' },
    )
    await waitFor(
      () =>
        app.db
          .selectFrom('orphanObjects')
          .select('objectKey')
          .where('objectKey', '=', 'generated/g_0/orphan')
          .executeTakeFirst(),
      { what: 'the mark' },
    )
  })
})

test('a worker cleans the spool on its own disk when it starts', async () => {
  app = await startTestApp({ workers: 0 })
  const folder = join(app.dataDir, 'spool')
  await mkdir(folder)
  await writeFile(join(folder, '.crashed.tmp'), 'half')
  await utimes(join(folder, '.crashed.tmp'), new Date(0), new Date(0))
  await app.startWorker()
  await waitFor(async () => (await readdir(folder)).length === 0, { what: 'the spool to be clean' })
})

const program = findOnPath('redis-server')

describeWhen(program !== undefined, 'no redis-server on the PATH', 'with Redis away', () => {
  test('a worker starts, generates nothing yet, and stops', async () => {
    const redis = await startRedisServer(program ?? '')
    await redis.stop()
    app = await startTestApp({ backend: 'redis', env: { REDIS_URL: redis.url } })
    const alice = await createClient(app)
    expect((await alice.generate({ prompt: 'later' })).body.status).toBe('queued')
    await app.stop()
  })
})
