import { sql, type UpdateObject } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { NewSavedItem, SavedItemRow, Schema } from '../../../db/schema.ts'
import type { PagePosition } from '../../generation/state/repository.ts'

export type ItemKey = Pick<SavedItemRow, 'ownerId' | 'id'>

/** Undefined when the owner has one of this id. */
export const insertItemIfNew = (
  db: Database,
  item: NewSavedItem,
): Promise<SavedItemRow | undefined> =>
  db
    .insertInto('savedItems')
    .values(item)
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()

export const findItem = (
  db: Database,
  { ownerId, id }: ItemKey,
): Promise<SavedItemRow | undefined> =>
  selectItems(db, ownerId).where('id', '=', id).executeTakeFirst()

/** Within a transaction: nobody else changes it before that ends. */
export const lockItem = (
  tx: Database,
  { ownerId, id }: ItemKey,
): Promise<SavedItemRow | undefined> =>
  selectItems(tx, ownerId).where('id', '=', id).forUpdate().executeTakeFirst()

export const updateItem = (
  db: Database,
  { ownerId, id }: ItemKey,
  change: UpdateObject<Schema, 'savedItems'>,
): Promise<SavedItemRow> =>
  db
    .updateTable('savedItems')
    .set({ ...change, updatedAt: sql<Date>`now()` })
    .where('ownerId', '=', ownerId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

/** Enters the generation that makes an item's image; undefined when the item is gone or wants another one meanwhile. */
export const pointToGeneration = (
  db: Database,
  { ownerId, id, revision }: SavedItemRow,
  generationId: string,
): Promise<SavedItemRow | undefined> =>
  db
    .updateTable('savedItems')
    .set({
      generationId,
      askAfter: null,
      askBefore: null,
      isEndUntold: sql<boolean>`source is not null`,
    })
    .where('ownerId', '=', ownerId)
    .where('id', '=', id)
    .where('revision', '=', revision)
    .returningAll()
    .executeTakeFirst()

export const deleteItem = (
  db: Database,
  { ownerId, id }: ItemKey,
): Promise<SavedItemRow | undefined> =>
  db
    .deleteFrom('savedItems')
    .where('ownerId', '=', ownerId)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()

/** Newest first. */
export const listItems = (
  db: Database,
  { ownerId, before, limit }: { ownerId: string; before: PagePosition | undefined; limit: number },
): Promise<SavedItemRow[]> => {
  let query = selectItems(db, ownerId)
  if (before) query = query.where(sql<boolean>`(created_at, id) < (${before.at}, ${before.id})`)
  return query.orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

const selectItems = (db: Database, ownerId: string) =>
  db.selectFrom('savedItems').selectAll().where('ownerId', '=', ownerId)
