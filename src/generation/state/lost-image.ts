import type { Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ImageRow, Schema } from '../../../db/schema.ts'
import { isGenerationId } from '../../contract/identity.ts'
import { AppError } from '../../lib/errors.ts'
import type { InspectedImage } from '../ports.ts'
import { describeGenerated, describeStoredImage, noStoredImage } from './image-rows.ts'
import { failLostImage, restoreGeneration } from './interventions.ts'

/** An image as it stood when its object was looked for. */
export type ImageToCheck = Pick<ImageRow, 'id' | 'generatedAt'> & { objectKey: string }

/**
 * Takes back an image whose object is gone: generations that showed it fail with `image_lost` and are made again
 * when asked for; an upload keeps its place in the list and comes back with its bytes. False, and nothing changed,
 * when the image has been made again or deleted since it was looked at.
 */
export const withdrawLostImage = (db: Database, image: ImageToCheck): Promise<boolean> =>
  db.transaction().execute(async (tx) => {
    const row = await lockUnchanged(tx, image)
    if (!row) return false
    if (row.imageType === 'user_uploaded') {
      await tx.updateTable('imageMetadata').set(noStoredImage).where('id', '=', image.id).execute()
      return true
    }
    await failLostImage(
      tx,
      image.id,
      new AppError('image_lost', 'The image was lost from the store; ask again for a new one.', {
        retryable: true,
      }),
    )
    await tx.deleteFrom('imageMetadata').where('id', '=', image.id).execute()
    return true
  })

/**
 * Says that an image whose object is gone is at another key. False, and nothing changed, when it has been made again or deleted since
 * it was looked at.
 */
export const moveImage = (
  db: Database,
  image: ImageToCheck,
  found: InspectedImage,
  objectKey: string,
): Promise<boolean> =>
  db.transaction().execute(async (tx) => {
    if (!(await lockUnchanged(tx, image))) return false
    const stored = describeStoredImage(found, objectKey)
    await tx.updateTable('imageMetadata').set(stored).where('id', '=', image.id).execute()
    await tx.updateTable('generations').set({ objectKey }).where('id', '=', image.id).execute()
    return true
  })

/**
 * Gives a failed generation the image that the store has of it, or an upload that lost its object the object. False, and nothing
 * changed, where that is not so any more.
 */
export const restoreImage = (
  db: Database,
  id: string,
  found: InspectedImage,
  objectKey: string,
): Promise<boolean> =>
  db.transaction().execute(async (tx) => {
    const stored = describeStoredImage(found, objectKey)
    if (!isGenerationId(id)) {
      const { numUpdatedRows } = await tx
        .updateTable('imageMetadata')
        .set(stored)
        .where('id', '=', id)
        .where('objectKey', 'is', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    }
    const generation = await tx
      .selectFrom('generations')
      .select(['ownerId', 'prompt'])
      .where('id', '=', id)
      .where('status', '=', 'failed')
      .forUpdate()
      .executeTakeFirst()
    if (!generation) return false
    const image = {
      ...describeGenerated({ id, ...generation }),
      ...{ imageType: 'generated' as const, ...stored, sourceDigest: found.digest },
    }
    await tx
      .insertInto('imageMetadata')
      .values(image)
      .onConflict((conflict) => conflict.column('id').doUpdateSet(image))
      .execute()
    return (await restoreGeneration(tx, id, objectKey)) !== undefined
  })

/** An image that is made again has another time, so what was found out about the old one never changes the new one. */
const lockUnchanged = (tx: Transaction<Schema>, { id, objectKey, generatedAt }: ImageToCheck) =>
  tx
    .selectFrom('imageMetadata')
    .select('imageType')
    .where('id', '=', id)
    .where('objectKey', '=', objectKey)
    .where('generatedAt', '=', generatedAt)
    .forUpdate()
    .executeTakeFirst()
