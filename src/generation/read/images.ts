import type { Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema } from '../../../db/schema.ts'
import { digestHex, isImageId } from '../../contract/identity.ts'
import { AppError } from '../../lib/errors.ts'
import type { ImageStore } from '../ports.ts'
import { findOwnedImage } from '../state/image-rows.ts'
import { withdrawImage } from '../state/interventions.ts'
import { findGeneration } from '../state/repository.ts'
import { deleteSurplus } from '../state/surplus.ts'
import { isThumbnailKey, listThumbnailKeys, type VersionedObject } from './thumbnail-keys.ts'

/**
 * What an image id shows: the object of an image, or of the image that a generation made or reused.
 * Undefined when there is no such id; without `object` while there is nothing to show.
 */
export type ShownImage = {
  ownerId: string
  object?: VersionedObject
  generation?: NonNullable<Awaited<ReturnType<typeof findGeneration>>>
}

export const findShownImage = async (db: Database, id: string): Promise<ShownImage | undefined> => {
  if (id.startsWith('g_')) {
    const generation = await findGeneration(db, id)
    if (!generation) return undefined
    const object = describeObject(generation.imageObjectKey, generation.imageContentDigest)
    return { ownerId: generation.ownerId, generation, ...(object && { object }) }
  }
  const image = await db
    .selectFrom('imageMetadata')
    .select(['userId', 'objectKey', 'contentDigest'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!image) return undefined
  const object = describeObject(image.objectKey, image.contentDigest)
  return { ownerId: image.userId, ...(object && { object }) }
}

/** Marks an object's content in URLs, so that each may be cached for ever. */
export const versionOf = (contentDigest: string): string => contentDigest.slice(0, 12)

/**
 * The object with which an image's URL was given out, found without Postgres: among those of its id the one whose bytes have
 * that version. A generation that shows another's image has none of its own. Throws when the store does not answer.
 */
export const findVersionedObject = async (
  store: Pick<ImageStore, 'list' | 'find'>,
  id: string,
  version: string,
): Promise<VersionedObject | undefined> => {
  const folder = `${id.startsWith('g_') ? 'generated' : 'uploads'}/${id}`
  for await (const page of store.list(folder)) {
    for (const { key } of page) {
      if (isThumbnailKey(key)) continue
      const image = await store.find(key)
      if (image && versionOf(await digestHex(image.bytes)) === version) return { key, version }
    }
  }
  return undefined
}

/**
 * Deletes an owner's image: the row, then the object, its thumbnails and what came beside it. Generations that showed it are
 * canceled and may be asked for again. Throws `not_found`.
 */
export const deleteImage = async (
  deps: { db: Database; store: ImageStore; onOrphan: (objectKey: string, error: unknown) => void },
  ownerId: string,
  id: string,
): Promise<void> => {
  const image = isImageId(id) ? await findOwnedImage(deps.db, ownerId, id) : undefined
  if (!image) throw new AppError('not_found', 'There is no image with this id.')
  const surplusKeys = await deps.db.transaction().execute(async (tx) => {
    // First of all: a generation that is about to reuse the image waits here, and finds it gone.
    await tx.selectFrom('imageMetadata').select('id').where('id', '=', id).forUpdate().execute()
    await withdrawImage(
      tx,
      id,
      new AppError('image_deleted', 'The image was deleted.', { retryable: true }),
    )
    await tx.deleteFrom('imageMetadata').where('id', '=', id).execute()
    if (image.objectKey) await rememberDeleted(tx, image.objectKey)
    return deleteSurplus(tx, id)
  })
  const { objectKey, contentDigest } = image
  const object = describeObject(objectKey, contentDigest)
  const thumbnailKeys = object ? listThumbnailKeys(object) : []
  const keys = [...(objectKey ? [objectKey] : []), ...thumbnailKeys, ...surplusKeys]
  await Promise.all(
    keys.map((key) => deps.store.delete(key).catch((error: unknown) => deps.onOrphan(key, error))),
  )
}

/** Whatever becomes of the object, it is not adopted. */
const rememberDeleted = (tx: Transaction<Schema>, objectKey: string): Promise<unknown> =>
  tx
    .insertInto('deletedObjects')
    .values({ objectKey })
    .onConflict((conflict) => conflict.doNothing())
    .execute()

const describeObject = (key: string | null, contentDigest: string | null) =>
  key && contentDigest ? { key, version: versionOf(contentDigest) } : undefined
