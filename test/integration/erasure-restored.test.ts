import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { type Database, createDatabase as openDatabase } from '../../db/database.ts'
import { withDatabaseAt } from '../../db/installation.ts'
import { createFilesystemStore } from '../../src/adapters/storage/filesystem.ts'
import { applyList } from '../../src/features/owners/apply-list.ts'
import { beginErasure, findErasure } from '../../src/features/owners/erasures.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { createClient } from '../support/client.ts'
import { createDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts'
import { describeEachBackend } from '../support/each-backend.ts'
import { fillOwner } from '../support/fill-owner.ts'
import { findInRedis } from '../support/find-in-redis.ts'
import { findMentions } from '../support/find-mentions.ts'
import { useProcesses } from '../support/processes.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

/* Nobody else's: Redis is searched whole, which other tests use at the same time. */
const OWNER = 'mallory.restored@example.org'
const SECRET = 'a chequered unicorn of Mallory'
const filled = { ownerId: OWNER, secret: SECRET, images: 20, costUsd: 0.039 }

const waitUntilDone = (db: Database) =>
  waitFor(
    async () => {
      const erasure = await findErasure(db, OWNER)
      return erasure?.finishedAt && erasure
    },
    { what: 'the owner to be erased' },
  )

describe('a database that is restored from before an erasure', () => {
  let folder: TemporaryFolder
  let databases: TestDatabase[]
  let app: TestApp
  let db: Database
  let store: ImageStore

  beforeEach(async () => {
    folder = await makeTemporaryFolder('erasure')
    databases = [await createTestDatabase()]
    store = createFilesystemStore({ directory: `${folder.path}/images` })
    await start()
  })
  afterEach(async () => {
    await stop()
    for (const database of databases.reverse()) await database.drop()
    await folder.remove()
  })
  const start = async (workers = 0) => {
    db = openDatabase({ url: databases.at(-1)?.url ?? '', poolSize: 2, onIdleError: () => {} })
    const env = { DATA_DIR: folder.path, DATABASE_URL: databases.at(-1)?.url ?? '' }
    app = await startTestApp({ workers, env: { ...env, SWEEP_INTERVAL_MS: '200' } })
  }
  const stop = async () => {
    await app.stop()
    await db.destroy()
  }
  const restart = async (workers: number) => {
    await stop()
    await start(workers)
  }

  test('has the erasure again at the next start of a worker, and only that one', async () => {
    await fillOwner(db, store, filled)
    await fillOwner(db, store, { ...filled, ownerId: 'bob', secret: 'of Bob' })
    const [original] = databases
    await stop()
    const copy = await createDatabase(original?.url ?? '', original?.name)
    await start(1)
    await beginErasure(db, OWNER, 'owner')
    await waitUntilDone(db)
    await stop()

    databases.push(copy)
    await start(1)
    const erasure = await waitUntilDone(db)
    expect(erasure).toMatchObject({ askedBy: 'list', counts: { generations: 20 } })
    expect(await findMentions(db, [OWNER, SECRET])).toEqual([])
    expect(await applyList({ db, store })).toEqual({ listed: 1, begun: 0 })
    const rows = await db.selectFrom('generations').select('ownerId').distinct().execute()
    expect(rows).toEqual([{ ownerId: 'bob' }])
  })

  test('leaves an owner alone who came back after the erasure', async () => {
    await fillOwner(db, store, filled)
    await restart(1)
    await beginErasure(db, OWNER, 'operator')
    await waitUntilDone(db)
    const mallory = await createClient(app, OWNER)
    const { body } = await waitFor(
      async () => {
        const answer = await mallory.generateAndWait({ prompt: 'anew' })
        return answer.status === 200 && answer
      },
      { what: 'an image to be made anew' },
    )
    expect(await applyList({ db, store })).toEqual({ listed: 1, begun: 0 })
    expect((await mallory.get(body.id)).status).toBe(200)
  })
})

describeEachBackend('a worker that is killed while it erases', (backend) => {
  const processes = useProcesses(backend)
  const texts = [OWNER, SECRET]

  const ask = async (token: string, method: string, path: string, body?: object) => {
    const response = await fetch(`${processes.url()}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    await response.arrayBuffer()
    return response.status
  }

  test('has its work finished by another, counted once', async () => {
    await withDatabaseAt(processes.databaseUrl(), async (db) => {
      const store = createFilesystemStore({ directory: `${processes.folder()}/images` })
      await fillOwner(db, store, filled)
      const loud = { LOG_LEVEL: 'trace' }
      const api = await processes.run('api', loud)
      const worker = await processes.run('worker', loud)
      const { out: token } = await processes.execute('token', '--owner', OWNER)
      const signedIn = token.trim()
      const prompt = { prompt: `${SECRET}, made` }
      expect(await ask(signedIn, 'POST', '/api/visualize/generate', prompt)).toBe(202)
      await waitFor(
        async () =>
          (
            await db
              .selectFrom('generations')
              .select('id')
              .where('status', '<>', 'succeeded')
              .execute()
          ).length === 0,
        {
          what: 'the image to be made',
        },
      )
      expect(await ask(signedIn, 'GET', '/api/me/export')).toBe(200)
      await withDatabaseAt(processes.databaseUrl(), (locker) =>
        locker.transaction().execute(async (tx) => {
          // The generations are gone when it comes to the upload.
          await sql`select from image_metadata where image_type = 'user_uploaded' for update`.execute(
            tx,
          )
          expect(await ask(signedIn, 'DELETE', '/api/me')).toBe(202)
          await waitFor(
            async () =>
              (await findErasure(db, OWNER))?.counts.generations === filled.images + 1 &&
              (await isWaiting(db)),
            { what: 'the worker to be in the middle' },
          )
          worker.signal('SIGKILL')
          await worker.ended()
        }),
      )
      await sql`update erasures set lease_expires_at = now() where owner_id is not null`.execute(db)
      const before = await findErasure(db, OWNER)
      expect(before?.finishedAt).toBeNull()
      const second = await processes.run('worker', loud)
      const { counts } = await waitUntilDone(db)
      expect(counts).toMatchObject({ generations: 21, images: 22, calls: 21, items: 20 })
      expect(await findMentions(db, texts)).toEqual([])
      if (backend === 'redis') {
        expect(await findInRedis(process.env.TEST_REDIS_URL ?? '', texts)).toEqual([])
      }
      expect(worker.output()).toContain('"level":20')
      for (const program of [api, worker, second]) {
        for (const text of texts) expect(program.output()).not.toContain(text)
      }
      for (const name of ['generated', 'uploads', 'surplus']) {
        for await (const page of store.list(name)) expect(page).toEqual([])
      }
    })
  })

  const isWaiting = async (db: Database): Promise<boolean> => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%image_metadata%'`.execute(
      db,
    )
    return (rows[0]?.count ?? 0) > 0
  }
})
