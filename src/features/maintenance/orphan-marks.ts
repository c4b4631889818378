import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteInBatches } from '../../../db/delete-in-batches.ts'
import type { StoredObject } from '../../generation/ports.ts'
import { idOfKey, imageKeyOf, imageVersionOf } from '../../generation/read/thumbnail-keys.ts'

const key = sql.ref('one.object_key')

/**
 * SQL: some row refers to the object, which is found by the id in its key. A generation whose image was deleted does not: it gets another key when it is
 * asked for again. To a thumbnail the image refers that it was made of, as long as that has the same bytes.
 */
const isReferenced = sql<boolean>`(
  exists (select from generations
    where generations.id = ${idOfKey(key)} and generations.object_key = one.object_key
      and error_code is distinct from 'image_deleted')
  or exists (select from surplus_objects where surplus_objects.object_key = one.object_key)
  or exists (select from image_metadata
    where image_metadata.id = ${idOfKey(key)} and image_metadata.object_key = ${imageKeyOf(key)}
      and coalesce(left(content_digest, 12) = ${imageVersionOf(key)}, true)))`

/** SQL: its owner deleted it, or the image that it is a thumbnail of. */
const isDeleted = sql<boolean>`
  exists (select from deleted_objects where deleted_objects.object_key = ${imageKeyOf(key)})`

/** SQL: its days of grace are over, or it never had any, and still no row refers to it. */
const isRipe = (foundBefore: Date) => sql<boolean>`
  ((found_at <= ${foundBefore} or ${isDeleted}) and not ${isReferenced})`

/** The keys among these that no row refers to, each with whether its owner deleted it. */
export const findUnreferenced = async (
  db: Database,
  keys: readonly string[],
): Promise<Map<string, { isDeleted: boolean }>> => {
  const { rows } = await sql<{ objectKey: string; isDeleted: boolean }>`
    select one.object_key, ${isDeleted} as is_deleted from unnest(${keys}::text[]) as one(object_key)
    where not ${isReferenced}`.execute(db)
  return new Map(rows.map(({ objectKey, ...row }) => [objectKey, row]))
}

/** Remembers orphans from when they were first found; returns how many are new. In order, as others do the same. */
export const markOrphans = async (
  db: Database,
  orphans: readonly StoredObject[],
  foundAt: Date,
): Promise<number> => {
  if (orphans.length === 0) return 0
  const rows = orphans
    .map(({ key, modifiedAt }) => ({ objectKey: key, modifiedAt, foundAt }))
    .sort((a, b) => (a.objectKey < b.objectKey ? -1 : 1))
  const marked = await db
    .insertInto('orphanObjects')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .returning('objectKey')
    .execute()
  return marked.length
}

/** Forgets those among these that were marked; returns how many. */
export const unmark = async (db: Database, keys: readonly string[]): Promise<number> => {
  const { numAffectedRows } = await sql`
    delete from orphan_objects where object_key in (
      select object_key from orphan_objects where object_key = any(${keys}::text[])
      order by object_key for update)`.execute(db)
  return Number(numAffectedRows ?? 0)
}

/** Orphans for long enough, or deleted by their owners, after a key and in order; looked at anew, since a mark is no proof. */
export const listRipeOrphans = async (
  db: Database,
  foundBefore: Date,
  after: string,
  limit: number,
): Promise<string[]> => {
  const { rows } = await sql<{ objectKey: string }>`
    select object_key from orphan_objects as one
    where object_key > ${after} and ${isRipe(foundBefore)}
    order by object_key limit ${limit}`.execute(db)
  return rows.map(({ objectKey }) => objectKey)
}

/**
 * Has a ripe orphan removed, and its mark with it. False when another worker was first (who has listed the object before that may
 * have marked it anew since), or a row has come to refer to it: who adopts an object takes its mark away before it looks for the
 * object, and waits here.
 */
export const removeMarked = (
  db: Database,
  objectKey: string,
  foundBefore: Date,
  remove: () => Promise<void>,
): Promise<boolean> =>
  db.transaction().execute(async (tx) => {
    const { rows } = await sql`
      select from orphan_objects as one where object_key = ${objectKey} and ${isRipe(foundBefore)}
      for update`.execute(tx)
    if (rows.length === 0) return false
    await remove()
    await tx.deleteFrom('orphanObjects').where('objectKey', '=', objectKey).execute()
    return true
  })

/** What is to be forgotten of deleted objects, which are not in the store any more. */
export const forgetDeleted = (db: Database, deletedBefore: Date, signal?: AbortSignal) =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from deleted_objects where object_key in (
        select object_key from deleted_objects where deleted_at <= ${deletedBefore}
        limit ${limit} for update skip locked)`,
    signal,
  )
