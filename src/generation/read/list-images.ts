import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow, ImageRow } from '../../../db/schema.ts'
import { isImageId } from '../../contract/identity.ts'
import type { ImageType, Transformation } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import { findOwnedImage, imageColumns } from '../state/image-rows.ts'
import type { PagePosition } from '../state/repository.ts'

export type ImagePage = {
  ownerId: string
  /** With `conditionDigest`, images that were made unless it says otherwise. */
  imageType?: ImageType | undefined
  /** Only what was made from the image of this digest: in any place of several, of a conversation, or of another API's request. */
  conditionDigest?: string | undefined
  transformation?: Transformation | undefined
  variant?: string | undefined
  before?: PagePosition | undefined
  limit: number
}

/** What an image was made by; null where it is an upload. */
export type MadeBy = {
  [K in 'transformation' | 'variant' | 'conditionImageDigest']: GenerationRow[K] | null
}

/**
 * The owner's images, newest first. Those of one condition image follow two indexes; other filters cost as many rows as they
 * skip. A generation that reused another's image has none of its own here, so each is listed once.
 */
export const listImages = (db: Database, page: ImagePage): Promise<(ImageRow & MadeBy)[]> => {
  const { conditionDigest, transformation, variant, before } = page
  const imageType = page.imageType ?? (conditionDigest && 'generated')
  let query = db
    .selectFrom('imageMetadata as m')
    .leftJoin('generations as maker', (join) =>
      join.onRef('maker.id', '=', 'm.id').on('maker.ownerId', '=', page.ownerId),
    )
    .select(imageColumns.map((column) => `m.${column}` as const))
    .select(['maker.transformation', 'maker.variant', 'maker.conditionImageDigest'])
    .where('m.userId', '=', page.ownerId)
  if (imageType) query = query.where('m.imageType', '=', imageType)
  if (conditionDigest) query = query.where('m.id', 'in', madeFrom(page.ownerId, conditionDigest))
  if (transformation) query = query.where('maker.transformation', '=', transformation)
  if (variant !== undefined) query = query.where('maker.variant', '=', variant)
  if (before) {
    query = query.where(sql<boolean>`(m.generated_at, m.id) < (${before.at}, ${before.id})`)
  }
  return query.orderBy('m.generatedAt', 'desc').orderBy('m.id', 'desc').limit(page.limit).execute()
}

/** Ids of the generations that an image is named in: most name one, in a column, the others theirs in `details`. */
const madeFrom = (ownerId: string, digest: string) => sql<string>`(
  select id from generations where owner_id = ${ownerId} and condition_image_digest = ${digest}
  union all
  select id from generations
  where owner_id = ${ownerId} and details is not null
    and jsonb_path_query_array(details, '$.**.digest') @> to_jsonb(${digest}::text))`

/**
 * The digest under which images were made from a condition image, which is named by its digest, a copy's, or the id of one
 * of the owner's images. An unknown digest is taken as it is: its image may be deleted while what was made from it is there.
 * Throws `invalid_request` for an id of no image of the owner.
 */
export const findConditionDigest = async (
  db: Database,
  ownerId: string,
  conditionImage: string,
): Promise<string> => {
  if (isImageId(conditionImage)) {
    const image = await findOwnedImage(db, ownerId, conditionImage)
    const digest = image && conditionDigestOf(image)
    if (digest) return digest
    throw new AppError('invalid_request', 'conditionImage is not the id of one of your images', {
      pointer: '?conditionImage',
    })
  }
  const copy = await db
    .selectFrom('imageMetadata')
    .select('conditionDigest')
    .where('userId', '=', ownerId)
    .where('sourceDigest', '=', conditionImage)
    .where('conditionDigest', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return copy?.conditionDigest ?? conditionImage
}

/** What identifies an image as a condition image; null for a placeholder. */
export const conditionDigestOf = ({
  conditionDigest,
  sourceDigest,
}: Pick<ImageRow, 'conditionDigest' | 'sourceDigest'>): string | null =>
  conditionDigest ?? sourceDigest
