import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { removeOrphanObjects } from '../../src/features/maintenance/orphan-objects.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { deleteImage } from '../../src/generation/read/images.ts'
import { insertSurplus } from '../../src/generation/state/surplus.ts'
import { insertGeneration, insertImage, insertSuccess, openTestDatabase } from '../support/rows.ts'
import { describeEachStore, randomPng } from '../support/stores.ts'

describeEachStore('orphan objects', (openStore) => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>
  let store: ImageStore
  let remove: () => Promise<void>

  beforeEach(async () => {
    database = await openTestDatabase()
    ;({ store, remove } = await openStore())
  })
  afterEach(async () => {
    await database.close()
    await remove()
  })

  const DAY_MS = 24 * 60 * 60_000
  const graceDays = 6
  /** As if that many days had passed since the objects were put. */
  const runAfterDays = (days: number, within = store) =>
    removeOrphanObjects(
      { db: database.db, store: within, graceDays },
      { now: new Date(Date.now() + days * DAY_MS + 60_000) },
    )

  const put = async (...keys: string[]) => {
    await Promise.all(keys.map((key) => store.put(key, randomPng())))
  }
  const listMarks = async () => {
    const rows = await database.db
      .selectFrom('orphanObjects')
      .select('objectKey')
      .orderBy('objectKey')
      .execute()
    return rows.map(({ objectKey }) => objectKey)
  }

  test('are marked at a day, and deleted when they have been marked for the days of grace', async () => {
    await put('generated/a/1', 'uploads/b/2')
    expect(await runAfterDays(0)).toMatchObject({ scanned: 2, unreferenced: 2, marked: 0 })
    expect(await listMarks()).toEqual([])
    expect(await runAfterDays(1)).toMatchObject({ marked: 2, deleted: 0 })
    expect(await runAfterDays(1)).toMatchObject({ marked: 0, deleted: 0 })
    expect(await runAfterDays(6)).toMatchObject({ marked: 0, deleted: 0 })
    expect(await store.has('generated/a/1')).toBe(true)
    expect(await runAfterDays(7)).toMatchObject({ deleted: 2, isRefused: false })
    expect(await store.has('generated/a/1')).toBe(false)
    expect(await store.has('uploads/b/2')).toBe(false)
    expect(await listMarks()).toEqual([])
    expect(await runAfterDays(8)).toMatchObject({ scanned: 0, deleted: 0 })
  })

  test('are not deleted on the day that they are found, however old', async () => {
    await put('generated/a/1')
    expect(await runAfterDays(30)).toMatchObject({ marked: 1, deleted: 0 })
    expect(await runAfterDays(35.5)).toMatchObject({ deleted: 0 })
    expect(await store.has('generated/a/1')).toBe(true)
    expect(await runAfterDays(36)).toMatchObject({ deleted: 1 })
  })

  test('are none that a row refers to: in flight, failed, succeeded or uploaded', async () => {
    const queued = await insertGeneration(database.db)
    const failed = await insertGeneration(database.db, { status: 'failed' })
    const succeeded = await insertSuccess(database.db)
    const upload = { id: 'i_1', objectKey: 'uploads/i_1/1' }
    await insertImage(database.db, { ...upload, imageType: 'user_uploaded' })
    const surplus = { generationId: failed.id, objectKey: `surplus/${failed.id}/1` }
    await insertSurplus(database.db, {
      ...surplus,
      ...{ digest: '1', kind: 'unreadable', mimeType: null, reason: 'It is text.', sizeBytes: 1 },
    })
    const keys = [queued, failed, succeeded, upload, surplus].map(({ objectKey }) => objectKey)
    await put(...keys, 'surplus/g_gone/1')
    expect(await runAfterDays(30)).toMatchObject({ scanned: 6, unreferenced: 1, marked: 1 })
    await runAfterDays(60)
    for (const key of keys) expect(await store.has(key)).toBe(true)
    expect(await store.has('surplus/g_gone/1')).toBe(false)
  })

  test('lose their mark when a row refers to them again', async () => {
    await put('uploads/i_2/1')
    await runAfterDays(7)
    expect(await listMarks()).toEqual(['uploads/i_2/1'])
    await insertImage(database.db, { id: 'i_2', objectKey: 'uploads/i_2/1' })
    expect(await runAfterDays(8)).toMatchObject({ unmarked: 1, deleted: 0 })
    expect(await listMarks()).toEqual([])
    expect(await store.has('uploads/i_2/1')).toBe(true)
  })

  test('that a deleted image left because the store was away have no days of grace', async () => {
    const { id, objectKey } = await insertSuccess(database.db)
    await put(objectKey)
    const away = { ...store, delete: () => Promise.reject(new Error('away')) }
    await deleteImage({ db: database.db, store: away, onOrphan: () => {} }, 'alice', id)
    expect(await runAfterDays(0)).toMatchObject({ marked: 1, deleted: 1 })
    expect(await store.has(objectKey)).toBe(false)
    // A writer that slept puts it once more.
    await put(objectKey)
    expect(await runAfterDays(89)).toMatchObject({ deleted: 1 })
    expect(await database.db.selectFrom('deletedObjects').select('objectKey').execute()).toEqual([
      { objectKey },
    ])
    await runAfterDays(91)
    expect(await database.db.selectFrom('deletedObjects').select('objectKey').execute()).toEqual([])
  })

  test('are looked for nowhere but under our own prefixes', async () => {
    await put('backup/a', 'generatedby/b')
    expect(await runAfterDays(30)).toMatchObject({ scanned: 0 })
    await runAfterDays(60)
    expect(await store.has('backup/a')).toBe(true)
  })

  test('are deleted once, by several workers at once', async () => {
    const kept = await insertSuccess(database.db)
    await put(kept.objectKey, ...Array.from({ length: 15 }, (_, i) => `generated/x/${i}`))
    const first = await Promise.all([1, 2, 3].map(() => runAfterDays(10)))
    expect(first.reduce((sum, { marked }) => sum + marked, 0)).toBe(15)
    const second = await Promise.all([1, 2, 3].map(() => runAfterDays(16)))
    expect(second.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(15)
    // One that listed an object before another deleted it has marked it again: that mark goes in its time.
    await runAfterDays(22)
    expect(await listMarks()).toEqual([])
    expect(await store.has(kept.objectKey)).toBe(true)
  })

  test('that were marked anew while others were deleted have their days of grace again', async () => {
    await put('generated/a/1', 'generated/b/1')
    await runAfterDays(1)
    const renewing = {
      ...store,
      delete: async (key: string) => {
        await database.db
          .updateTable('orphanObjects')
          .set({ foundAt: new Date(Date.now() + 7 * DAY_MS) })
          .where('objectKey', '=', 'generated/b/1')
          .execute()
        await store.delete(key)
      },
    }
    expect(await runAfterDays(7, renewing)).toMatchObject({ deleted: 1 })
    expect(await store.has('generated/b/1')).toBe(true)
  })

  /** Twenty objects in all, that many of them with a row. */
  const putTwenty = async (referenced: number) => {
    const rows = Array.from({ length: referenced }, () => insertSuccess(database.db))
    const keys = (await Promise.all(rows)).map(({ objectKey }) => objectKey)
    const orphans = Array.from({ length: 20 - referenced }, (_, i) => `generated/x/${i}`)
    await put(...keys, ...orphans)
  }

  test('that are most of the store are a wrong database, and nothing is deleted', async () => {
    await putTwenty(9)
    expect(await runAfterDays(10)).toMatchObject({ scanned: 20, unreferenced: 11, isRefused: true })
    expect(await runAfterDays(20)).toMatchObject({ deleted: 0, isRefused: true })
    expect(await store.has('generated/x/0')).toBe(true)
  })

  test('that are half of the store are deleted', async () => {
    await putTwenty(10)
    await runAfterDays(10)
    expect(await runAfterDays(20)).toMatchObject({ deleted: 10, isRefused: false })
  })

  test('stay where the store fails in the middle of the scan', async () => {
    await put('generated/a/1')
    await runAfterDays(10)
    const failing: ImageStore = {
      ...store,
      list: (folder) => {
        if (folder === 'uploads') throw new Error('away')
        return store.list(folder)
      },
    }
    const now = new Date(Date.now() + 20 * DAY_MS)
    const run = removeOrphanObjects({ db: database.db, store: failing, graceDays }, { now })
    await expect(run).rejects.toThrow('away')
    expect(await store.has('generated/a/1')).toBe(true)
  })

  test('whose deletion fails keep their mark for the next time', async () => {
    await put('generated/a/1')
    await runAfterDays(10)
    const failing = { ...store, delete: () => Promise.reject(new Error('away')) }
    const now = new Date(Date.now() + 20 * DAY_MS)
    const run = removeOrphanObjects({ db: database.db, store: failing, graceDays }, { now })
    await expect(run).rejects.toThrow('away')
    expect(await listMarks()).toEqual(['generated/a/1'])
    expect(await runAfterDays(21)).toMatchObject({ deleted: 1 })
  })

  test('are thumbnails of an image that is gone, or has been made anew', async () => {
    const image = await insertSuccess(database.db)
    const thumbnailOf = (key: string, version: string) => `${key}.${version}.w320.avif`
    const kept = thumbnailOf(image.objectKey, 'd'.repeat(12))
    const old = thumbnailOf(image.objectKey, 'e'.repeat(12))
    const alone = thumbnailOf('generated/a/1', 'd'.repeat(12))
    await put(image.objectKey, kept, old, alone)
    expect(await runAfterDays(1)).toMatchObject({ scanned: 4, unreferenced: 2, marked: 2 })
    expect(await listMarks()).toEqual([alone, old].sort())
    expect(await runAfterDays(8)).toMatchObject({ deleted: 2 })
    expect(await store.has(kept)).toBe(true)
    expect(await store.has(old)).toBe(false)
  })
})
