import { type RawBuilder, sql } from 'kysely'
import { THUMBNAIL_FORMATS, THUMBNAIL_WIDTHS } from '../../contract/limits.ts'
import { type OutputFormat, outputFormatSchema } from '../../contract/vocabulary.ts'
import type { StoredImage } from '../ports.ts'

/** An object of the store with what its bytes are, as `versionOf` has it. */
export type VersionedObject = { key: string; version: string }

/** `whole`: as large as the image, in another format. */
export type ThumbnailSize =
  | { width: number; format: (typeof THUMBNAIL_FORMATS)[number] }
  | { width: 'whole'; format: OutputFormat }

/** A thumbnail that is in the store; its bytes too, where they had to be read anyway. */
export type Thumbnail = { key: string; image?: StoredImage }

export type FindThumbnail = (
  object: VersionedObject,
  size: ThumbnailSize,
) => Promise<Thumbnail | undefined>

/**
 * Where a thumbnail is kept: beside its image, and named after the image's bytes, since an image that was lost and made
 * again has the same key and is another picture.
 */
export const thumbnailKeyOf = (
  { key, version }: VersionedObject,
  { width, format }: ThumbnailSize,
): string => `${key}.${version}.w${width === 'whole' ? 0 : width}.${format}`

/** Of all the thumbnails that an image may have. */
export const listThumbnailKeys = (object: VersionedObject): string[] => [
  ...THUMBNAIL_WIDTHS.flatMap((width) =>
    THUMBNAIL_FORMATS.map((format) => thumbnailKeyOf(object, { width, format })),
  ),
  ...outputFormatSchema.options.map((format) => thumbnailKeyOf(object, { width: 'whole', format })),
]

const SUFFIX_PATTERN = '[.]([0-9a-f]{12})[.]w[0-9]+[.](?:webp|avif|png|jpeg)$'
const SUFFIX = sql.lit(SUFFIX_PATTERN)
const THUMBNAIL_KEY = new RegExp(SUFFIX_PATTERN)

/** True for the key of a thumbnail, false for that of an image. */
export const isThumbnailKey = (key: string): boolean => THUMBNAIL_KEY.test(key)

/** SQL for the key of the image that an object belongs to: its own, or the one that a thumbnail was made of. */
export const imageKeyOf = (objectKey: RawBuilder<unknown>): RawBuilder<string> =>
  sql<string>`regexp_replace(${objectKey}, ${SUFFIX}, '')`

/** SQL for the id of the generation or image that an object is of: the second part of its key. */
export const idOfKey = (objectKey: RawBuilder<unknown>): RawBuilder<string> =>
  sql<string>`split_part(${objectKey}, '/', 2)`

/** SQL for the version of the image that a thumbnail was made of; null for what is no thumbnail. */
export const imageVersionOf = (objectKey: RawBuilder<unknown>): RawBuilder<string | null> =>
  sql<string | null>`substring(${objectKey} from ${SUFFIX})`
