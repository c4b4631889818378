import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { withDatabaseAt } from '../../db/installation.ts'
import { parseConfig } from '../../src/app/config.ts'
import { createStore } from '../../src/app/resources.ts'
import { checkImages } from '../../src/features/maintenance/lost-images.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { createDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts'
import { createTestBucket } from '../support/s3-bucket.ts'
import { describeWith } from '../support/skip.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

type Env = Record<string, string>

const bucketEnv = async (): Promise<Env> => {
  const bucket = await createTestBucket()
  return {
    S3_ENDPOINT: bucket.endpoint,
    S3_BUCKET: bucket.bucket,
    S3_REGION: bucket.region,
    S3_ACCESS_KEY_ID: bucket.accessKeyId,
    S3_SECRET_ACCESS_KEY: bucket.secretAccessKey,
  }
}

describe('a restored database, with images in files', () => suite(async () => ({})))
describeWith('s3', 'a restored database, with images in an S3 store', () => suite(bucketEnv))

function suite(chooseStore: () => Promise<Env>) {
  let folder: TemporaryFolder
  let databases: TestDatabase[]
  let env: Env
  let app: TestApp
  let alice: Client

  beforeEach(async () => {
    folder = await makeTemporaryFolder('restore')
    databases = [await createTestDatabase()]
    env = { DATA_DIR: folder.path, ...(await chooseStore()) }
    await start()
  })
  afterEach(async () => {
    await app.stop()
    // A copy is dropped by way of its original.
    for (const database of databases.reverse()) await database.drop()
    await folder.remove()
  })

  /** On the newest of the databases. */
  const start = async (changeStore: (store: ImageStore) => ImageStore = (store) => store) => {
    const own = { ...env, DATABASE_URL: databases.at(-1)?.url ?? '' }
    const store = changeStore(createStore(parseConfig(own)))
    app = await startTestApp({ env: own, overrides: { store } })
    alice = await createClient(app)
  }
  /** As a dump has it. */
  const copyDatabase = async () => {
    const [from] = databases
    if (!from) throw new Error('there is no database')
    await app.stop()
    const copy = await createDatabase(from.url, from.name)
    await start()
    return copy
  }
  const restore = async (copy: TestDatabase) => {
    await app.stop()
    databases.push(copy)
    await start()
  }
  const readKeys = (id: string) =>
    withDatabaseAt(databases.at(-1)?.url ?? '', (db) =>
      db
        .selectFrom('generations as g')
        .innerJoin('imageMetadata as m', 'm.id', 'g.imageId')
        .select(['g.objectKey', 'm.objectKey as imageObjectKey', 'm.contentDigest'])
        .where('g.id', '=', id)
        .executeTakeFirstOrThrow(),
    )
  const remove = (id: string) => alice.call('DELETE', `/api/images/${id}`)
  const showOf = async (url: string) => {
    const answer = await fetch(url)
    return {
      bytes: await answer.arrayBuffer(),
      placeholder: answer.headers.get('imageonce-placeholder'),
    }
  }

  test('pays for nothing that the store has, and shows it at its former key', async () => {
    const before = await alice.generateAndWait({ prompt: 'before' })
    const copy = await copyDatabase()
    const first = await alice.generateAndWait({ prompt: 'after' })
    const forced = await alice.generateAndWait(
      { prompt: 'before', skipExistingCheck: true },
      { 'Idempotency-Key': 'one' },
    )
    const thumbnail = await fetch(`${first.body.imageUrl}?w=320`)
    await thumbnail.arrayBuffer()
    const keys = await readKeys(first.body.id)
    const shown = await showOf(first.body.imageUrl)

    await restore(copy)
    const again = await alice.generateAndWait({ prompt: 'after' })
    expect(again.body).toMatchObject({ id: first.body.id, status: 'succeeded', costUsd: 0 })
    expect(await readKeys(first.body.id)).toEqual({ ...keys, objectKey: keys.imageObjectKey })
    expect(await showOf(again.body.imageUrl)).toEqual(shown)
    expect(again.body.imageUrl.replace(app.url, '')).toBe(
      first.body.imageUrl.replace(/^https?:\/\/[^/]+/, ''),
    )
    const sameKey = await alice.generateAndWait(
      { prompt: 'before', skipExistingCheck: true },
      { 'Idempotency-Key': 'one' },
    )
    expect(sameKey.body.id).toBe(forced.body.id)
    expect((await alice.generateAndWait({ prompt: 'before' })).body.status).toBe('succeeded')
    expect(before.body.status).toBe('succeeded')
    expect(app.gemini.countCalls()).toBe(0)

    const anew = await alice.generateAndWait({ prompt: 'after', skipExistingCheck: true })
    expect(anew.body.id).not.toBe(first.body.id)
    expect(app.gemini.countCalls()).toBe(1)
  })

  test('brings no image back that was deleted, before or after the backup', async () => {
    const lost = await alice.generateAndWait({ prompt: 'deleted after the backup' })
    const copy = await copyDatabase()
    await remove(lost.body.id)
    const made = await alice.generateAndWait({ prompt: 'made and deleted after it' })
    await remove(made.body.id)

    await restore(copy)
    const anew = await alice.generateAndWait({ prompt: 'made and deleted after it' })
    expect(anew.body).toMatchObject({ id: made.body.id, status: 'succeeded' })
    expect(app.gemini.countCalls()).toBe(1)
    // The row says that it is there, until upkeep looks.
    const store = createStore(app.config)
    await withDatabaseAt(app.config.database.url ?? '', (db) =>
      checkImages({ db, store, onLost: () => {} }),
    )
    store.close()
    const lostAnew = await alice.generateAndWait({ prompt: 'deleted after the backup' })
    expect(lostAnew.body.id).toBe(lost.body.id)
    expect(app.gemini.countCalls()).toBe(2)
  })

  test('nor does one whose object the store kept when it was to delete it', async () => {
    await app.stop()
    await start((store) => ({ ...store, delete: () => Promise.reject(new Error('away')) }))
    const first = await alice.generateAndWait({ prompt: 'kept by the store' })
    const { objectKey } = await readKeys(first.body.id)
    await remove(first.body.id)
    const second = await alice.generateAndWait({ prompt: 'kept by the store' })
    expect(second.body).toMatchObject({ id: first.body.id, status: 'succeeded' })
    expect((await readKeys(first.body.id)).objectKey).not.toBe(objectKey)
    expect(app.gemini.countCalls()).toBe(2)
  })
}
