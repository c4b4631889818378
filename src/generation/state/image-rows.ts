import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow, ImageRow } from '../../../db/schema.ts'
import type { InspectedImage } from '../ports.ts'

export const findOwnedImage = (
  db: Database,
  ownerId: string,
  id: string,
): Promise<ImageRow | undefined> =>
  db
    .selectFrom('imageMetadata')
    .select(imageColumns)
    .where('id', '=', id)
    .where('userId', '=', ownerId)
    .executeTakeFirst()

/** Those of several, in no order; one that is another owner's, or is not there, is left out. */
export const findOwnedImages = (
  db: Database,
  ownerId: string,
  ids: readonly string[],
): Promise<ImageRow[]> =>
  db
    .selectFrom('imageMetadata')
    .select(imageColumns)
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .where('userId', '=', ownerId)
    .execute()

/** What the provider answered with an image, as it was kept; undefined where it was not. Pictures are named (`image_metadata.answer`). */
export const readAnswer = async (db: Database, imageId: string): Promise<unknown> => {
  const row = await db
    .selectFrom('imageMetadata')
    // As text: names within it are the provider's.
    .select(sql<string | null>`answer::text`.as('answer'))
    .where('id', '=', imageId)
    .executeTakeFirst()
  return row?.answer ? JSON.parse(row.answer) : undefined
}

/** All but the provider's answer. */
export const imageColumns = [
  'id',
  'userId',
  'imageUrl',
  'imageType',
  'prompt',
  'generatedAt',
  'objectKey',
  'mimeType',
  'sizeBytes',
  'width',
  'height',
  'thumbhash',
  'contentDigest',
  'sourceDigest',
  'pixelDigest',
  'perceptualHash',
  'conditionDigest',
  'objectCheckedAt',
  'accessedOn',
  'said',
] as const satisfies (keyof ImageRow)[]

/** As long as the older model kept it. */
const STORED_PROMPT_CHARACTERS = 500

/** What `image_metadata` has of the image of a generation, whether there is an object or not. */
export const describeGenerated = ({
  id,
  ownerId,
  prompt,
}: Pick<GenerationRow, 'id' | 'ownerId' | 'prompt'>) => ({
  id,
  userId: ownerId,
  imageUrl: `/images/${id}`,
  // Not half of a pair.
  prompt: prompt.slice(0, STORED_PROMPT_CHARACTERS).replace(/\p{Surrogate}$/u, ''),
  generatedAt: sql<Date>`now()`,
})

/** How an image that is in the store stands in `image_metadata`. */
export const describeStoredImage = (image: InspectedImage, objectKey: string) => ({
  objectKey,
  mimeType: image.mimeType,
  sizeBytes: image.bytes.byteLength,
  width: image.width,
  height: image.height,
  thumbhash: image.thumbhash,
  contentDigest: image.digest,
})

/** The same columns of an image that has no object. */
export const noStoredImage = {
  objectKey: null,
  mimeType: null,
  sizeBytes: null,
  width: null,
  height: null,
  thumbhash: null,
  contentDigest: null,
} satisfies Record<keyof ReturnType<typeof describeStoredImage>, null>
