import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ImageStore } from '../../generation/ports.ts'
import { listThumbnailKeys } from '../../generation/read/thumbnail-keys.ts'
import { AppError } from '../../lib/errors.ts'
import { limitConcurrency } from '../../lib/limit-concurrency.ts'
import { addCounts, type Erasure } from './erasures.ts'

type ErasedObject = { objectKey: string; version: string | null }

const BATCH_OBJECTS = 500
const AT_ONCE = 32

/** Deletes from the store what erased rows had there, thumbnails and what came besides included. Throws when the store does not answer. */
export const eraseObjects = async (
  { db, store }: { db: Database; store: Pick<ImageStore, 'list' | 'delete'> },
  erasure: Erasure,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    signal.throwIfAborted()
    const batch = await db
      .selectFrom('erasedObjects')
      .select(['objectKey', 'version'])
      .where('erasureId', '=', erasure.id)
      .limit(BATCH_OBJECTS)
      .execute()
    if (batch.length === 0) return
    const folders = groupByFolder(batch)
    const limit = limitConcurrency(AT_ONCE)
    const deleted = await Promise.all(
      [...folders].map(([folder, known]) => limit(() => emptyFolder(store, folder, known))),
    )
    await db.transaction().execute(async (tx) => {
      const keys = batch.map(({ objectKey }) => objectKey)
      await sql`
        delete from erased_objects where erasure_id = ${erasure.id} and object_key = any(${keys}::text[])`.execute(
        tx,
      )
      await addCounts(tx, erasure, { objects: deleted.reduce((sum, count) => sum + count, 0) })
    })
  }
}

const groupByFolder = (objects: readonly ErasedObject[]): Map<string, ErasedObject[]> => {
  const folders = new Map<string, ErasedObject[]>()
  for (const object of objects) {
    const folder = folderOf(object.objectKey)
    folders.set(folder, [...(folders.get(folder) ?? []), object])
  }
  return folders
}

/** `generated/<id>`, `uploads/<id>`, `surplus/<id>`: all in it is of one generation or upload. */
const folderOf = (objectKey: string): string => objectKey.split('/').slice(0, 2).join('/')

const emptyFolder = async (
  store: Pick<ImageStore, 'list' | 'delete'>,
  folder: string,
  known: readonly ErasedObject[],
): Promise<number> => {
  const keys = await listKeys(store, folder, known)
  for (const key of keys) await store.delete(key)
  return keys.length
}

/** Those that there may be, where we have no right to list. */
const listKeys = async (
  store: Pick<ImageStore, 'list'>,
  folder: string,
  known: readonly ErasedObject[],
): Promise<string[]> => {
  const keys: string[] = []
  try {
    for await (const page of store.list(folder)) keys.push(...page.map(({ key }) => key))
    return keys
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error
    return known.flatMap(({ objectKey: key, version }) =>
      version ? [key, ...listThumbnailKeys({ key, version })] : [key],
    )
  }
}
