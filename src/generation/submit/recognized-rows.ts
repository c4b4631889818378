import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ImageRow, NewImage } from '../../../db/schema.ts'
import type { PixelPrint } from '../ports.ts'

/** What a row holds of its picture. */
export type Recognized = PixelPrint & Pick<NewImage, 'conditionDigest'>

/** Only pictures of one owner and one size are ever the same. */
export type OwnersSize = { ownerId: string; width: number; height: number }

/** More are not compared: each is read from the store and decoded. */
const MAX_ALIKE = 3
const MAX_UNPRINTED = 4
/** Of the owner's pictures of one size, the newest: the hashes of so many are compared in some 10 ms. */
const MAX_HASHES = 10_000
/** Of 64; a recompression changes one at most (ADR 34). */
export const MAX_DIFFERENT_BITS = 6

/** The digest of the owner's first picture with the very same pixels. */
export const findEqual = async (
  db: Database,
  ownerId: string,
  pixelDigest: string,
): Promise<string | undefined> => {
  const row = await db
    .selectFrom('imageMetadata')
    .select(['sourceDigest', 'conditionDigest'])
    .where('userId', '=', ownerId)
    .where('pixelDigest', '=', pixelDigest)
    .orderBy('generatedAt')
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  return row?.conditionDigest ?? row?.sourceDigest ?? undefined
}

/**
 * The owner's pictures of the same size that look most alike, the most alike first. Only those that are the first of their
 * kind: a copy of a copy of a copy might be another picture.
 */
export const findAlike = async (
  db: Database,
  { ownerId, width, height }: OwnersSize,
  perceptualHash: string,
): Promise<{ sourceDigest: string; objectKey: string }[]> => {
  const { rows } = await sql<{ sourceDigest: string; objectKey: string }>`
    select source_digest as "sourceDigest", object_key as "objectKey"
    from (
      select source_digest, object_key,
        bit_count(perceptual_hash # ${perceptualHash}::bit(64)) as different_bits
      from image_metadata
      where user_id = ${ownerId} and width = ${width} and height = ${height}
        and perceptual_hash is not null and condition_digest is null
        and source_digest is not null and object_key is not null
      order by generated_at desc
      limit ${MAX_HASHES}
    ) as same_size
    where different_bits <= ${MAX_DIFFERENT_BITS}
    order by different_bits
    limit ${MAX_ALIKE}`.execute(db)
  return rows
}

export const findUnprinted = (
  db: Database,
  { ownerId, width, height }: OwnersSize,
): Promise<Pick<ImageRow, 'id' | 'objectKey'>[]> =>
  db
    .selectFrom('imageMetadata')
    .select(['id', 'objectKey'])
    .where('userId', '=', ownerId)
    .where('width', '=', width)
    .where('height', '=', height)
    .where('perceptualHash', 'is', null)
    .where('imageType', '=', 'user_uploaded')
    .where('objectKey', 'is not', null)
    .orderBy('generatedAt', 'desc')
    .limit(MAX_UNPRINTED)
    .execute()

/** True when something was asked for under this digest of a condition image. */
export const hasMade = async (
  db: Database,
  ownerId: string,
  conditionDigest: string,
): Promise<boolean> => {
  const row = await db
    .selectFrom('generations')
    .select('id')
    .where('ownerId', '=', ownerId)
    .where('conditionImageDigest', '=', conditionDigest)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Keeps what another request has written meanwhile. */
export const saveRecognized = async (
  db: Database,
  id: string,
  recognized: Partial<Recognized>,
): Promise<void> => {
  await db
    .updateTable('imageMetadata')
    .set(recognized)
    .where('id', '=', id)
    .where('perceptualHash', 'is', null)
    .execute()
}
