import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createInspectBought } from '../../src/app/resources.ts'
import { removeOrphanObjects } from '../../src/features/maintenance/orphan-objects.ts'
import { type Finding, relink } from '../../src/features/maintenance/relink.ts'
import type { ImageStore } from '../../src/generation/ports.ts'
import { deleteImage } from '../../src/generation/read/images.ts'
import { withdrawLostImage } from '../../src/generation/state/lost-image.ts'
import { makePng } from '../support/pictures.ts'
import {
  insertGeneration,
  insertImage,
  insertSuccess,
  newGenerationId,
  openTestDatabase,
} from '../support/rows.ts'
import { describeEachStore, randomPng } from '../support/stores.ts'

describeEachStore('relinking', (openStore) => {
  let database: Awaited<ReturnType<typeof openTestDatabase>>
  let store: ImageStore
  let remove: () => Promise<void>
  let bytes: Uint8Array

  beforeEach(async () => {
    database = await openTestDatabase()
    ;({ store, remove } = await openStore())
    await store.ping()
    bytes = await makePng()
  })
  afterEach(async () => {
    await database.close()
    await remove()
  })

  const put = async (...keys: string[]) => {
    for (const key of keys) await store.put(key, { bytes, mimeType: 'image/png' })
  }
  const run = async ({ isApplied = false, isForced = false } = {}) => {
    const findings: Finding[] = []
    const report = await relink(
      { db: database.db, store, inspect: createInspectBought() },
      { isApplied, isForced, onFinding: (finding) => findings.push(finding) },
    )
    return { ...report, findings }
  }
  const readGeneration = (id: string) =>
    database.db
      .selectFrom('generations')
      .leftJoin('imageMetadata as m', 'm.id', 'imageId')
      .select([
        'status',
        'errorCode',
        'imageId',
        'generations.objectKey',
        'm.objectKey as imageObjectKey',
        'm.width',
      ])
      .where('generations.id', '=', id)
      .executeTakeFirstOrThrow()
  /** Tells what a dry run finds, sees that it changes nothing, and applies it. */
  const expectOnce = async (finding: Finding) => {
    const tables = ['generations', 'imageMetadata'] as const
    const read = () =>
      Promise.all(
        tables.map((table) => database.db.selectFrom(table).selectAll().orderBy('id').execute()),
      )
    const before = await read()
    expect((await run()).findings).toEqual([finding])
    expect(await read()).toEqual(before)
    expect((await run({ isApplied: true })).findings).toEqual([finding])
  }

  test('finds nothing where each has its other half', async () => {
    const { objectKey } = await insertSuccess(database.db)
    const queued = await insertGeneration(database.db)
    await put(objectKey, queued.objectKey, `${objectKey}.${'d'.repeat(12)}.w320.webp`)
    expect(await run()).toEqual({ images: 1, objects: 3, isRefused: false, findings: [] })
  })

  test('takes back an image without an object, so that asking again makes it anew', async () => {
    const { id, objectKey } = await insertSuccess(database.db)
    await expectOnce({ kind: 'image without an object', objectKey })
    expect(await readGeneration(id)).toMatchObject({ status: 'failed', errorCode: 'image_lost' })
    expect((await run()).findings).toEqual([])
  })

  test('points an image to the other key that its object is at', async () => {
    const { id, objectKey } = await insertSuccess(database.db)
    const found = `generated/${id}/elsewhere`
    await put(found)
    await expectOnce({ kind: 'image whose object is at another key', objectKey })
    expect(await readGeneration(id)).toMatchObject({
      status: 'succeeded',
      objectKey: found,
      imageObjectKey: found,
    })
    expect((await run()).findings).toEqual([])
  })

  test('shows a generation again whose object came back, and tells those who follow it', async () => {
    const { id, objectKey } = await insertSuccess(database.db)
    const image = await database.db
      .selectFrom('imageMetadata')
      .selectAll()
      .executeTakeFirstOrThrow()
    await withdrawLostImage(database.db, { ...image, objectKey })
    await put(objectKey)
    await expectOnce({ kind: 'object of a generation that failed', objectKey })
    const row = await readGeneration(id)
    expect(row).toMatchObject({
      status: 'succeeded',
      errorCode: null,
      imageId: id,
      imageObjectKey: objectKey,
    })
    expect(row.width).toBeGreaterThan(0)
    const events = await database.db
      .selectFrom('generationEvents')
      .select('type')
      .orderBy('id')
      .execute()
    expect(events.map(({ type }) => type).at(-1)).toBe('generation.succeeded')
    expect((await run()).findings).toEqual([])
  })

  test('shows an upload again whose object came back', async () => {
    const id = 'i_1'
    await insertImage(database.db, { id, objectKey: 'uploads/i_1/1', imageType: 'user_uploaded' })
    const image = await database.db
      .selectFrom('imageMetadata')
      .selectAll()
      .executeTakeFirstOrThrow()
    await withdrawLostImage(database.db, { ...image, objectKey: 'uploads/i_1/1' })
    await put('uploads/i_1/1')
    await expectOnce({
      kind: 'object of an upload that had lost its own',
      objectKey: 'uploads/i_1/1',
    })
    const after = await database.db
      .selectFrom('imageMetadata')
      .selectAll()
      .executeTakeFirstOrThrow()
    expect(after.objectKey).toBe('uploads/i_1/1')
  })

  test('deletes what its owner deleted, and shows it nowhere', async () => {
    const { id, objectKey } = await insertSuccess(database.db)
    await put(objectKey)
    const away = { ...store, delete: () => Promise.reject(new Error('away')) }
    await deleteImage({ db: database.db, store: away, onOrphan: () => {} }, 'alice', id)
    await expectOnce({ kind: 'object of an image that its owner deleted', objectKey })
    expect(await store.has(objectKey)).toBe(false)
    expect(await readGeneration(id)).toMatchObject({
      status: 'canceled',
      errorCode: 'image_deleted',
    })
  })

  test('keeps what no row knows, and what does not decode', async () => {
    const unknown = `generated/${newGenerationId()}/1`
    await put(unknown)
    await expectOnce({
      kind: 'object of a generation that no row knows, or that waits',
      objectKey: unknown,
    })
    expect(await store.has(unknown)).toBe(true)
    await store.delete(unknown)
    const { id, objectKey } = await insertGeneration(database.db, { status: 'failed' })
    await store.put(objectKey, randomPng())
    await expectOnce({ kind: 'object that does not decode', objectKey })
    expect(await readGeneration(id)).toMatchObject({ status: 'failed' })
  })

  test('takes no image back where most have no object, unless it is told to', async () => {
    const rows = []
    for (let i = 0; i < 10; i++) rows.push(await insertSuccess(database.db))
    await put(rows[0]?.objectKey ?? '')
    expect(await run({ isApplied: true })).toMatchObject({ images: 10, isRefused: true })
    expect(await readGeneration(rows[1]?.id ?? '')).toMatchObject({ status: 'succeeded' })
    expect(await run({ isApplied: true, isForced: true })).toMatchObject({ isRefused: false })
    expect(await readGeneration(rows[1]?.id ?? '')).toMatchObject({ errorCode: 'image_lost' })
  })

  test('an orphan that is adopted while upkeep is about to delete it is kept', async () => {
    const { id } = await insertSuccess(database.db)
    const orphan = `generated/${id}/orphan`
    await put(orphan)
    const later = (days: number) => new Date(Date.now() + days * 24 * 60 * 60_000)
    const deps = { db: database.db, store, graceDays: 1 }
    await removeOrphanObjects(deps, { now: later(2) })
    const adopting: ImageStore = {
      ...store,
      list: async function* (folder) {
        yield* store.list(folder)
        if (folder !== 'uploads') return
        await database.db
          .updateTable('generations')
          .set({ objectKey: orphan })
          .where('id', '=', id)
          .execute()
      },
    }
    const report = await removeOrphanObjects({ ...deps, store: adopting }, { now: later(4) })
    expect(report.deleted).toBe(0)
    expect(await store.has(orphan)).toBe(true)
  })
})
