import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { createDatabase as openDatabase } from '../../db/database.ts'
import { readInstallation, renewInstallation, withDatabaseAt } from '../../db/installation.ts'
import { enterQueue } from '../../src/adapters/queue/enter-queue.ts'
import { parseConfig } from '../../src/app/config.ts'
import * as commands from '../../src/cli/installation.ts'
import { checkQueue } from '../../src/migrate.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { newGenerationId } from '../support/rows.ts'
import { describeWith } from '../support/skip.ts'
import { waitFor } from '../support/wait-for.ts'

const redisUrl = process.env.TEST_REDIS_URL ?? ''

describeWith('redis', 'two installations with one Redis and one QUEUE_NAME', () => {
  type Installed = {
    app: TestApp
    client: Client
    proxy: Awaited<ReturnType<typeof startPostgresProxy>>
    database: TestDatabase
  }
  let all: Installed[]

  const install = async (name: string): Promise<Installed> => {
    const database = await createTestDatabase()
    await withDatabaseAt(database.url, renewInstallation)
    const proxy = await startPostgresProxy(database.url)
    const env = { DATABASE_URL: proxy.url, QUEUE_NAME: name }
    const app = await startTestApp({ backend: 'redis', env })
    return { app, client: await createClient(app), proxy, database }
  }

  beforeEach(async () => {
    const name = `test-${randomUUID()}`
    all = [await install(name), await install(name)]
  })
  afterEach(async () => {
    for (const { app, proxy, database } of all) {
      proxy.mend()
      await app.stop()
      await proxy.close()
      await database.drop()
    }
  })

  test('neither takes up what the other has parked', async () => {
    const [production, staging] = all as [Installed, Installed]
    await production.proxy.cut()
    const parked = []
    for (const prompt of ['one', 'two', 'three']) {
      const { status, body } = await production.client.generate({ prompt })
      expect(status).toBe(202)
      parked.push(body.id)
    }
    // Its workers have had their chance: what was asked of them after all that is done.
    await staging.client.generateAndWait({ prompt: 'later' })
    expect(staging.app.gemini.countCalls()).toBe(1)
    const rows = await withDatabaseAt(staging.database.url, (db) =>
      db.selectFrom('generations').select('prompt').execute(),
    )
    expect(rows).toEqual([{ prompt: 'later' }])
    await production.proxy.mend()
    for (const id of parked) {
      await waitFor(async () => (await production.client.get(id)).body.status === 'succeeded', {
        what: 'a parked request to be made by its own',
      })
    }
    expect(production.app.gemini.countCalls()).toBe(3)
    expect(staging.app.gemini.countCalls()).toBe(1)
  })
})

describeWith('redis', 'a queue', () => {
  let original: TestDatabase
  let copy: TestDatabase
  let redis: Redis
  let name: string

  beforeEach(async () => {
    original = await createTestDatabase()
    await withDatabaseAt(original.url, renewInstallation)
    copy = await createDatabase(original.url, original.name)
    redis = new Redis(redisUrl)
    name = `test-${randomUUID()}`
  })
  afterEach(async () => {
    redis.disconnect()
    await copy.drop()
    await original.drop()
  })

  const configOf = ({ url }: TestDatabase) =>
    parseConfig({ DATABASE_URL: url, REDIS_URL: redisUrl, QUEUE_NAME: name })
  const start = (database: TestDatabase) => checkQueue(configOf(database), () => {})
  const read = ({ url }: TestDatabase) => withDatabaseAt(url, readInstallation)

  test('is refused to a copy of its database by the name of the setting, until the copy is made its own', async () => {
    await start(original)
    await expect(start(copy)).rejects.toThrow(
      /copy of it[\s\S]*installation renew.*QUEUE_NAME or REDIS_URL/,
    )
    const former = await read(copy)
    await commands.renew(configOf(copy))
    expect((await read(copy)).id).not.toBe(former.id)
    await start(copy)
    await start(original)
  })

  test('is kept by a database that was restored, and refused to the one that it replaces', async () => {
    await start(original)
    await commands.keep(configOf(copy))
    await start(copy)
    await expect(start(original)).rejects.toThrow('is another database')
  })

  test('is said again to a Redis that has lost its data', async () => {
    const [first, second] = [await read(original), await read(copy)]
    await enterQueue(redis, name, first)
    await redis.del(`bull:${first.id}:${name}:database`)
    await enterQueue(redis, name, first)
    await expect(enterQueue(redis, name, second)).rejects.toThrow('is another database')
  })

  test('of the release before is told of at the start, and gives its parked requests when told to', async () => {
    const id = newGenerationId()
    const generation = {
      ...{ id, ownerId: 'alice', fingerprint: id, revision: null, joinsOthers: true },
      ...{ lane: 'interactive', prompt: 'parked', transformation: 'generate' },
      ...{ conditionImageId: null, conditionImageDigest: null, provider: 'gemini', model: 'm' },
      ...{ aspectRatio: null, imageSize: '1K', variant: null, similarityMode: null },
      objectKey: `generated/${id}/1`,
    }
    const parked = { generation, parkedAt: new Date().toISOString() }
    await redis.hset(`bull:${name}:${id}`, 'data', JSON.stringify({ generationId: id, parked }))
    await redis.zadd(`bull:${name}:prioritized`, 1, id)
    await redis.hset(`bull:${name}:g_plain`, 'data', '{"generationId":"g_plain"}')
    await redis.zadd(`bull:${name}:prioritized`, 2, 'g_plain')
    const notes: string[] = []
    await checkQueue(configOf(original), (note) => notes.push(note))
    expect(notes).toEqual([
      expect.stringMatching(/^1 requests wait .*`imageonce installation adopt`/),
    ])
    await commands.adopt(configOf(original))
    const db = openDatabase({ url: original.url, poolSize: 1, onIdleError: () => {} })
    const rows = await db.selectFrom('generations').select(['id', 'status']).execute()
    await db.destroy()
    expect(rows).toEqual([{ id, status: 'queued' }])
    expect(await redis.zrange(`bull:${name}:prioritized`, '0', '-1')).toEqual(['g_plain'])
    await redis.del(`bull:${name}:prioritized`, `bull:${name}:g_plain`)
  })
})
