import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { checkImages, checkMissingImage } from '../../src/features/maintenance/lost-images.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { withdrawLostImage } from '../../src/generation/state/lost-image.ts'
import { insertGeneration, insertImage, insertSuccess, openTestDatabase } from '../support/rows.ts'
import { describeEachStore, randomPng } from '../support/stores.ts'

describeEachStore('images whose object is gone', (openStore) => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>
  let store: ImageStore
  let remove: () => Promise<void>
  let lost: { imageId: string; objectKey: string }[]

  beforeEach(async () => {
    database = await openTestDatabase()
    lost = []
    ;({ store, remove } = await openStore())
    await store.put('generated/any/1', randomPng())
  })
  afterEach(async () => {
    await database.close()
    await remove()
  })

  const deps = (using: Pick<ImageStore, 'has'> = store) => ({
    db: database.db,
    store: using,
    onLost: (image: (typeof lost)[number]) => void lost.push(image),
  })

  const insertStored = async () => {
    const generation = await insertSuccess(database.db)
    await store.put(generation.objectKey, randomPng())
    return generation
  }
  const insertMany = <T>(count: number, insert: () => Promise<T>) =>
    Promise.all(Array.from({ length: count }, insert))

  const readGeneration = (id: string) =>
    database.db
      .selectFrom('generations')
      .select(['status', 'imageId', 'errorCode', 'errorRetryable', 'objectKey'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
  const readEvents = async (id: string) => {
    const rows = await database.db
      .selectFrom('generationEvents')
      .select(['type', 'sequence', 'data'])
      .where('generationId', '=', id)
      .orderBy('sequence')
      .execute()
    return rows.map(({ type, data }) => ({ type, ...data }))
  }
  const countSucceeded = async () =>
    (
      await database.db
        .selectFrom('generations')
        .select('id')
        .where('status', '=', 'succeeded')
        .execute()
    ).length

  test('are reported, and the generations that show them fail until asked for again', async () => {
    const kept = await insertStored()
    const gone = await insertSuccess(database.db)
    const reused = await insertGeneration(database.db, {
      status: 'succeeded',
      imageId: gone.id,
      reuseSource: 'exact',
    })
    const report = await checkImages(deps())
    expect(report).toEqual({ checked: 2, missing: 1, withdrawn: 1, isRefused: false })
    expect(lost).toEqual([{ imageId: gone.id, objectKey: gone.objectKey }])
    for (const { id, objectKey } of [gone, reused]) {
      expect(await readGeneration(id)).toEqual({
        status: 'failed',
        imageId: null,
        errorCode: 'image_lost',
        errorRetryable: true,
        objectKey,
      })
      expect(await readEvents(id)).toEqual([{ type: 'generation.failed', errorCode: 'image_lost' }])
    }
    expect(await readGeneration(kept.id)).toMatchObject({ status: 'succeeded', imageId: kept.id })
  })

  test('are reported once, by a second run and by several at once', async () => {
    const gone = await insertSuccess(database.db)
    await insertStored()
    const reports = await Promise.all([1, 2, 3].map(() => checkImages(deps())))
    expect(reports.reduce((sum, { withdrawn }) => sum + withdrawn, 0)).toBe(1)
    expect(await checkImages(deps())).toMatchObject({ checked: 1, missing: 0 })
    expect(lost).toHaveLength(1)
    expect(await readEvents(gone.id)).toHaveLength(1)
  })

  test('are found in turns: those that were checked longest ago first', async () => {
    await insertMany(5, insertStored)
    const seen: string[] = []
    const watching = {
      has: (key: string) => {
        seen.push(key)
        return store.has(key)
      },
    }
    for (let round = 0; round < 3; round++) await checkImages(deps(watching), { limit: 2 })
    expect(new Set(seen.slice(0, 5)).size).toBe(5)
    expect(seen.slice(0, 2)).toContain(seen[5])
  })

  test('that are most of those checked are a wrong store, and none is withdrawn', async () => {
    await insertMany(4, insertStored)
    await insertMany(6, () => insertSuccess(database.db))
    const refused = { checked: 10, missing: 6, withdrawn: 0, isRefused: true }
    expect(await checkImages(deps())).toEqual(refused)
    expect(await checkImages(deps())).toEqual(refused)
    expect(await countSucceeded()).toBe(10)
    expect(lost).toEqual([])
  })

  test('that are half of those checked are withdrawn', async () => {
    await insertMany(5, insertStored)
    await insertMany(5, () => insertSuccess(database.db))
    expect(await checkImages(deps())).toMatchObject({ withdrawn: 5, isRefused: false })
    expect(await countSucceeded()).toBe(5)
  })

  test('asked for by somebody are withdrawn at once', async () => {
    await insertStored()
    const gone = await insertSuccess(database.db)
    expect(await checkMissingImage(deps(), gone.objectKey)).toMatchObject({ withdrawn: 1 })
    expect(await readGeneration(gone.id)).toMatchObject({ errorCode: 'image_lost' })
    expect(await checkMissingImage(deps(), gone.objectKey)).toMatchObject({ checked: 0 })
  })

  test('asked for by somebody stay where those found last are gone too', async () => {
    const images = await insertMany(12, () => insertSuccess(database.db))
    for (const { objectKey } of images) {
      expect(await checkMissingImage(deps(), objectKey)).toMatchObject({ isRefused: true })
    }
    expect(await countSucceeded()).toBe(12)
  })

  test('change nothing while the store does not answer', async () => {
    const gone = await insertSuccess(database.db)
    const away = { has: () => Promise.reject(new Error('away')) }
    await expect(checkImages(deps(away))).rejects.toThrow('away')
    await expect(checkMissingImage(deps(away), gone.objectKey)).rejects.toThrow('away')
    expect(await readGeneration(gone.id)).toMatchObject({ status: 'succeeded' })
  })

  test('that were made again meanwhile are not withdrawn', async () => {
    const { id, objectKey } = await insertSuccess(database.db)
    const { generatedAt } = await database.db
      .selectFrom('imageMetadata')
      .select('generatedAt')
      .where('id', '=', id)
      .executeTakeFirstOrThrow()
    await database.db
      .updateTable('imageMetadata')
      .set({ generatedAt: new Date(generatedAt.getTime() + 1) })
      .where('id', '=', id)
      .execute()
    expect(await withdrawLostImage(database.db, { id, objectKey, generatedAt })).toBe(false)
    expect(await readGeneration(id)).toMatchObject({ status: 'succeeded', imageId: id })
  })

  test('that were uploaded keep their row, without an object', async () => {
    await insertStored()
    const upload = { id: 'i_1', objectKey: 'uploads/i_1/1', sourceDigest: 'source' }
    await insertImage(database.db, { ...upload, imageType: 'user_uploaded' })
    expect(await checkImages(deps())).toMatchObject({ withdrawn: 1 })
    const row = await database.db
      .selectFrom('imageMetadata')
      .select(['imageType', 'objectKey', 'contentDigest', 'sourceDigest'])
      .where('id', '=', 'i_1')
      .executeTakeFirstOrThrow()
    expect(row).toEqual({
      imageType: 'user_uploaded',
      objectKey: null,
      contentDigest: null,
      sourceDigest: 'source',
    })
  })
})
