import type { Database } from '../../../db/database.ts'
import type { ImageStore, OnTrouble, Spool } from '../ports.ts'
import { findGeneration } from '../state/repository.ts'
import type { Claim } from '../state/transitions.ts'

type RemoveDeps = { db: Database; spool: Spool; store: ImageStore; onTrouble: OnTrouble }

/**
 * What a call brought whose generation was erased meanwhile is nobody's: whoever erases deletes what is there before the row goes, and
 * what comes after is ours to delete.
 */
export const removeIfErased = async (
  { db, spool, store, onTrouble }: RemoveDeps,
  { id, objectKey, createdAt }: Claim,
): Promise<void> => {
  const row = await findGeneration(db, id)
  if (row?.createdAt.getTime() === createdAt.getTime()) return
  await spool.delete(objectKey).catch((error: unknown) => onTrouble(id, 'spool', error))
  const removeAll = async () => {
    await store.delete(objectKey)
    if (row) return
    for await (const page of store.list(`surplus/${id}`)) {
      for (const { key } of page) await store.delete(key)
    }
  }
  await removeAll().catch((error: unknown) => onTrouble(id, 'store', error))
}
