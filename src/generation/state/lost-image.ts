import type { Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ImageRow, Schema } from '../../../db/schema.ts'
import { AppError } from '../../lib/errors.ts'
import { noStoredImage } from './repository.ts'
import { failLostImage } from './transitions.ts'

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
