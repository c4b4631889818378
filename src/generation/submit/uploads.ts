import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { DatabaseAway } from '../../../db/away.ts'
import type { Database } from '../../../db/database.ts'
import type { ImageRow, NewImage } from '../../../db/schema.ts'
import { createUploadId, digestHex, isImageId } from '../../contract/identity.ts'
import { MAX_IMAGES_BYTES } from '../../contract/limits.ts'
import { AppError } from '../../lib/errors.ts'
import type { InspectedImage, InspectImage } from '../ports.ts'
import { conditionDigestOf } from '../read/list-images.ts'
import { describeStoredImage, findOwnedImage, imageColumns } from '../state/image-rows.ts'
import { type RecognizeDeps, recognizePicture, recognizeStored } from './recognize.ts'
import type { ConditionImage } from './resolve-images.ts'

export type UploadDeps = RecognizeDeps & {
  inspect: InspectImage
  /** Base64 or a data URL to bytes; throws `invalid_image` with the pointer. */
  parseImageData: (text: string, pointer: string) => Uint8Array
  /** Room for so many bytes of an owner's; throws `too_much_kept`. Absent where nobody sends any. */
  takeBytes?: ((ownerId: string, bytes: number) => Promise<void>) | undefined
}

/**
 * Checks, cleans and stores an owner's image. Equal bytes of one owner are one image, so repeating is free; it brings
 * back one whose object was lost. Throws `invalid_image`, and `DatabaseAway`.
 */
export const uploadImage = async (
  deps: UploadDeps,
  ownerId: string,
  bytes: Uint8Array,
): Promise<ImageRow> => {
  const stored = await storeUpload(deps, ownerId, bytes)
  if ('row' in stored) return stored.row
  throw new DatabaseAway()
}

/** The condition image of a request: one of the owner's images by id, or bytes to be stored as one. */
export const resolveConditionImage = async (
  deps: UploadDeps,
  ownerId: string,
  conditionImage: string,
  pointer = '/conditionImage',
): Promise<ConditionImage> => {
  if (!isImageId(conditionImage)) {
    const bytes = deps.parseImageData(conditionImage, pointer)
    const stored = await storeUpload(deps, ownerId, bytes).catch((error: unknown) => {
      throw error instanceof AppError ? withPointer(error, pointer) : error
    })
    if ('row' in stored) return toConditionImage(stored.row)
    return { ...toConditionImage(stored.upload), upload: stored.upload }
  }
  return findConditionImage(deps, ownerId, conditionImage, pointer)
}

/** The same of what is stored already, or what it would be; keeps nothing. Throws as that does. */
export const foreseeConditionImage = async (
  deps: UploadDeps,
  ownerId: string,
  conditionImage: string,
  pointer = '/conditionImage',
): Promise<ConditionImage> => {
  const looking = { ...deps, isReadOnly: true }
  if (isImageId(conditionImage))
    return findConditionImage(looking, ownerId, conditionImage, pointer)
  const bytes = deps.parseImageData(conditionImage, pointer)
  return foreseeUpload(looking, ownerId, bytes).catch((error: unknown) => {
    throw error instanceof AppError ? withPointer(error, pointer) : error
  })
}

const findConditionImage = async (
  deps: UploadDeps,
  ownerId: string,
  conditionImage: string,
  pointer: string,
): Promise<ConditionImage> => {
  const image = await findOwnedImage(deps.db, ownerId, conditionImage)
  if (!image?.objectKey) {
    throw new AppError('invalid_request', 'is not the id of one of your images', { pointer })
  }
  return toConditionImage(await recognizeStored(deps, image))
}

const toConditionImage = ({
  id,
  sourceDigest = null,
  conditionDigest = null,
  sizeBytes,
}: Pick<NewImage, 'id' | 'sourceDigest' | 'conditionDigest' | 'sizeBytes'>) => ({
  id,
  sizeBytes: sizeBytes ?? 0,
  digest: conditionDigestOf({ sourceDigest, conditionDigest }) ?? id,
})

const foreseeUpload = async (
  deps: UploadDeps,
  ownerId: string,
  bytes: Uint8Array,
): Promise<ConditionImage> => {
  const sourceDigest = await digestHex(bytes)
  const id = await createUploadId(ownerId, sourceDigest)
  const existing = await findOwnedImage(deps.db, ownerId, id)
  if (existing?.objectKey) return toConditionImage(existing)
  const image = await inspectUpload(deps, ownerId, bytes)
  await deps.takeBytes?.(ownerId, image.bytes.byteLength)
  await deps.takeBytes?.(ownerId, -image.bytes.byteLength)
  const { width, height } = image
  const picture = { ownerId, bytes, sourceDigest, width, height }
  const { conditionDigest } = existing ?? (await recognizePicture(deps, picture))
  const sizeBytes = image.bytes.byteLength
  return toConditionImage({ id, sourceDigest, conditionDigest: conditionDigest ?? null, sizeBytes })
}

/** Throws `invalid_image`. */
const inspectUpload = async (
  { inspect }: UploadDeps,
  ownerId: string,
  bytes: Uint8Array,
): Promise<InspectedImage> => {
  const image = await inspect(bytes, ownerId)
  if (image.bytes.byteLength <= MAX_IMAGES_BYTES) return image
  throw new AppError('invalid_image', 'The image is too large once its pixels are encoded anew.')
}

/** The bytes in the store, and their row; only what the row would be while Postgres does not answer. */
const storeUpload = async (
  deps: UploadDeps,
  ownerId: string,
  bytes: Uint8Array,
): Promise<{ row: ImageRow } | { upload: NewImage }> => {
  const { db, store } = deps
  const sourceDigest = await digestHex(bytes)
  const id = await createUploadId(ownerId, sourceDigest)
  const found = await findOwnedImage(db, ownerId, id).then((row) => ({ row }), whenAway)
  const existing = found?.row
  if (existing?.objectKey) return { row: existing }
  const image = await inspectUpload(deps, ownerId, bytes)
  if (found) await deps.takeBytes?.(ownerId, image.bytes.byteLength)
  const { width, height } = image
  const picture = { ownerId, bytes, sourceDigest, width, height }
  // While Postgres is away nothing is recognised or inserted: asking it a second time would only take longer.
  const recognized = found && (await recognizePicture(deps, picture))
  const objectKey = `uploads/${id}/${randomBytes(8).toString('hex')}`
  await store.put(objectKey, image).catch((cause: unknown) => {
    throw new AppError('unavailable', 'The image store does not answer; try again shortly.', {
      retryable: true,
      retryAfterMs: 2_000,
      cause,
    })
  })
  const upload: NewImage = {
    id,
    userId: ownerId,
    imageUrl: `/images/${id}`,
    imageType: 'user_uploaded',
    ...describeStoredImage(image, objectKey),
    sourceDigest,
    ...recognized,
    // One that comes back after its object was lost is what it was.
    ...(existing && { conditionDigest: existing.conditionDigest }),
  }
  const row = found && (await insertUpload(db, upload).catch(whenAway))
  if (row && row.objectKey !== objectKey) await store.delete(objectKey)
  return row ? { row } : { upload }
}

const whenAway = (error: unknown): undefined => {
  if (!(error instanceof DatabaseAway)) throw error
}

/** Two uploads of the same bytes at once both get the first one's row. */
export const insertUpload = async (db: Database, image: NewImage): Promise<ImageRow> => {
  await db
    .insertInto('users')
    .values({ id: image.userId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const inserted = await db
    .insertInto('imageMetadata')
    .values(image)
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({ ...image, generatedAt: sql<Date>`now()` })
        .where('imageMetadata.objectKey', 'is', null),
    )
    .returning(imageColumns)
    .executeTakeFirst()
  return inserted ?? getFirst(db, image)
}

const getFirst = (db: Database, { id, userId }: NewImage): Promise<ImageRow> =>
  db
    .selectFrom('imageMetadata')
    .select(imageColumns)
    .where('id', '=', id)
    .where('userId', '=', userId)
    .executeTakeFirstOrThrow()

const withPointer = (error: AppError, pointer: string) =>
  new AppError(error.code, error.message, { retryable: error.retryable, pointer, cause: error })
