import type { Sharp } from 'sharp'
import { MAX_IMAGE_PIXELS, type THUMBNAIL_FORMATS } from '../../contract/limits.ts'
import type { OutputFormat } from '../../contract/vocabulary.ts'
import type { ImageStore, StoredImage } from '../../generation/ports.ts'
import {
  type FindThumbnail,
  type Thumbnail,
  type ThumbnailSize,
  thumbnailKeyOf,
  type VersionedObject,
} from '../../generation/read/thumbnail-keys.ts'
import { withImage } from '../../lib/images.ts'
import { limitConcurrency } from '../../lib/limit-concurrency.ts'

/** Of libuv's four threads, so that files and DNS never wait for pictures. */
const MAX_AT_ONCE = 2

/** What is in the store stays there as long as its image does, but somebody may tidy the bucket by hand. */
const KNOWN_MS = 10 * 60_000
const MAX_KNOWN = 10_000

/**
 * Finds an image's thumbnail in the store, or makes it and puts it there: of that width, never larger than the image, once a
 * process however many ask for it at once. Undefined when the image's own object is gone. Throws when the store does not
 * answer.
 */
export const createThumbnails = (store: ImageStore): FindThumbnail => {
  const inTurn = limitConcurrency(MAX_AT_ONCE)
  const making = new Map<string, Promise<Thumbnail | undefined>>()
  const known = createKnownKeys()

  const findStored = async (key: string): Promise<Thumbnail | undefined> => {
    if (store.kind === 'filesystem') {
      const image = await store.find(key)
      return image && { key, image }
    }
    return known.has(key) || (await store.has(key)) ? { key } : undefined
  }
  const make = async (
    key: string,
    object: VersionedObject,
    size: ThumbnailSize,
  ): Promise<Thumbnail | undefined> => {
    const original = await store.find(object.key)
    if (!original) return undefined
    // It is so already.
    if (size.width === 'whole' && original.mimeType === `image/${size.format}`) {
      return { key: object.key, image: original }
    }
    const image = await encode(original, size)
    await store.put(key, image)
    return { key, image }
  }
  const findOrMake: FindThumbnail = async (object, size) => {
    const key = thumbnailKeyOf(object, size)
    const thumbnail = (await findStored(key)) ?? (await inTurn(() => make(key, object, size)))
    if (thumbnail?.key === key) known.add(key)
    return thumbnail
  }

  return (object, size) => {
    const key = thumbnailKeyOf(object, size)
    const underWay = making.get(key)
    if (underWay) return underWay
    const made = findOrMake(object, size).finally(() => making.delete(key))
    making.set(key, made)
    return made
  }
}

const LIMITS = { maxPixels: MAX_IMAGE_PIXELS, maxSeconds: 10 }

const encode = ({ bytes }: StoredImage, size: ThumbnailSize): Promise<StoredImage> =>
  withImage(bytes, LIMITS, async ({ image }) => {
    const { format } = size
    const encoded =
      size.width === 'whole'
        ? converters[size.format](image)
        : encoders[size.format](image.resize({ width: size.width, withoutEnlargement: true }))
    return { bytes: await encoded.toBuffer(), mimeType: `image/${format}` }
  })

/**
 * Of a photograph of 1024 by 1024, 320 wide: webp 15 ms and 21 kB, avif 19 ms and 15 kB. A higher effort costs time and
 * saves next to nothing: avif takes 56 ms at 2 and 94 ms at 3, for 15 and 14 kB.
 */
const encoders: Record<(typeof THUMBNAIL_FORMATS)[number], (image: Sharp) => Sharp> = {
  webp: (image) => image.webp({ quality: 80, effort: 2 }),
  avif: (image) => image.avif({ quality: 55, effort: 0 }),
}

/** Of the whole image, so that nobody sees that it was another format. What is transparent is white in a jpeg. */
const converters: Record<OutputFormat, (image: Sharp) => Sharp> = {
  png: (image) => image.png(),
  jpeg: (image) => image.flatten({ background: '#fff' }).jpeg({ quality: 92 }),
  webp: (image) => image.webp({ quality: 90, effort: 2 }),
}

const createKnownKeys = () => {
  const untilMs = new Map<string, number>()
  const has = (key: string): boolean => (untilMs.get(key) ?? 0) > performance.now()
  const add = (key: string): void => {
    if (has(key)) return
    const [oldest] = untilMs.keys()
    if (untilMs.size >= MAX_KNOWN && oldest !== undefined) untilMs.delete(oldest)
    untilMs.set(key, performance.now() + KNOWN_MS)
  }
  return { has, add }
}
