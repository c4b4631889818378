import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { StoredObject } from '../../generation/ports.ts'
import { imageKeyOf, imageVersionOf } from '../../generation/read/thumbnail-keys.ts'

const key = sql.ref('one.object_key')

/**
 * SQL: some row refers to the object. A generation whose image was deleted does not: it gets another key when it is
 * asked for again. To a thumbnail the image refers that it was made of, as long as that has the same bytes.
 */
const isReferenced = sql<boolean>`(
  exists (select from generations
    where generations.object_key = one.object_key and error_code is distinct from 'image_deleted')
  or exists (select from image_metadata
    where image_metadata.object_key = ${imageKeyOf(key)}
      and coalesce(left(content_digest, 12) = ${imageVersionOf(key)}, true)))`

/** The keys among these that no row refers to. */
export const findUnreferenced = async (
  db: Database,
  keys: readonly string[],
): Promise<Set<string>> => {
  const { rows } = await sql<{ objectKey: string }>`
    select one.object_key from unnest(${keys}::text[]) as one(object_key)
    where not ${isReferenced}`.execute(db)
  return new Set(rows.map(({ objectKey }) => objectKey))
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

export type Ripeness = { foundBefore: Date; modifiedBefore: Date }

/** Orphans for long enough, after a key and in order; looked at anew, since a mark is no proof. */
export const listRipeOrphans = async (
  db: Database,
  { foundBefore, modifiedBefore }: Ripeness,
  after: string,
  limit: number,
): Promise<string[]> => {
  const { rows } = await sql<{ objectKey: string }>`
    select object_key from orphan_objects as one
    where object_key > ${after} and found_at <= ${foundBefore} and modified_at <= ${modifiedBefore}
      and not ${isReferenced}
    order by object_key limit ${limit}`.execute(db)
  return rows.map(({ objectKey }) => objectKey)
}

/** False when another worker was first, though a third may have marked the object again meanwhile. */
export const deleteMark = async (
  db: Database,
  objectKey: string,
  { foundBefore }: Ripeness,
): Promise<boolean> => {
  const { numDeletedRows } = await db
    .deleteFrom('orphanObjects')
    .where('objectKey', '=', objectKey)
    .where('foundAt', '<=', foundBefore)
    .executeTakeFirst()
  return numDeletedRows > 0n
}
