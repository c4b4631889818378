import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ImageStore } from '../../generation/ports.ts'
import { idOfKey } from '../../generation/read/thumbnail-keys.ts'
import { type ImageToCheck, withdrawLostImage } from '../../generation/state/lost-image.ts'
import { isDisagreement } from './disagreement.ts'

export type LostImageDeps = {
  db: Database
  store: Pick<ImageStore, 'has'>
  /** Called with each image that was taken back. A generated image has the id of its generation. */
  onLost: (image: { imageId: string; objectKey: string }) => void
}

export type LostImagesReport = {
  checked: number
  missing: number
  withdrawn: number
  /** True: so much is missing that the store must be the wrong one, and nothing was withdrawn. */
  isRefused: boolean
}

const BATCH_IMAGES = 1_000
const PROBES_AT_ONCE = 10
/** Fewer images are too few to tell a wrong store by. */
const MIN_CHECKED = 10
const WITNESSES = 20

/**
 * Looks for the objects of the images that were checked least recently, at most 1,000, and takes back the images
 * whose object is gone. Safe to repeat and from many workers at once. Throws when the store or Postgres does not
 * answer; nothing is withdrawn then.
 */
export const checkImages = async (
  deps: LostImageDeps,
  { limit = BATCH_IMAGES, signal }: { limit?: number; signal?: AbortSignal } = {},
): Promise<LostImagesReport> => {
  const images = await selectWithObject(deps.db)
    .orderBy('objectCheckedAt', (order) => order.asc().nullsFirst())
    .orderBy('id')
    .limit(limit)
    .execute()
  return check(deps, images, signal)
}

/**
 * The same for one image whose object was not there when somebody asked for it. Those that were found last bear
 * witness: where most of them are gone too, the store is the wrong one.
 */
export const checkMissingImage = async (
  deps: LostImageDeps,
  objectKey: string,
): Promise<LostImagesReport> => {
  const missed = await selectWithObject(deps.db)
    .where('id', '=', idOfKey(sql`${objectKey}::text`))
    .where('objectKey', '=', objectKey)
    .execute()
  if (missed.length === 0) return check(deps, [])
  const witnesses = await selectWithObject(deps.db)
    .where('objectKey', '!=', objectKey)
    .orderBy('objectCheckedAt', (order) => order.desc().nullsLast())
    .orderBy('id', 'desc')
    .limit(WITNESSES)
    .execute()
  return check(deps, [...missed, ...witnesses])
}

const check = async (
  deps: LostImageDeps,
  images: ImageToCheck[],
  signal?: AbortSignal,
): Promise<LostImagesReport> => {
  const missing = await findMissing(deps, images, signal)
  const counts = { checked: images.length, missing: missing.length }
  if (isDisagreement(missing.length, images.length, MIN_CHECKED)) {
    return { ...counts, withdrawn: 0, isRefused: true }
  }
  let withdrawn = 0
  for (const image of missing) {
    if (!(await withdrawLostImage(deps.db, image))) continue
    withdrawn++
    deps.onLost({ imageId: image.id, objectKey: image.objectKey })
  }
  await recordChecked(deps.db, images)
  return { ...counts, withdrawn, isRefused: false }
}

/** Those among the images whose object is not there. */
export const findMissing = async (
  { store }: Pick<LostImageDeps, 'store'>,
  images: ImageToCheck[],
  signal?: AbortSignal,
): Promise<ImageToCheck[]> => {
  const missing: ImageToCheck[] = []
  for (let start = 0; start < images.length; start += PROBES_AT_ONCE) {
    signal?.throwIfAborted()
    const some = images.slice(start, start + PROBES_AT_ONCE)
    const found = await Promise.all(some.map(({ objectKey }) => store.has(objectKey)))
    missing.push(...some.filter((_, i) => !found[i]))
  }
  return missing
}

/** In order, as another worker may record the same ones. */
const recordChecked = async (db: Database, images: ImageToCheck[]): Promise<void> => {
  const ids = images.map(({ id }) => id)
  await sql`
    update image_metadata set object_checked_at = now() where id in (
      select id from image_metadata where id = any(${ids}::text[]) order by id
      for update skip locked)`.execute(db)
}

export const selectWithObject = (db: Database) =>
  db
    .selectFrom('imageMetadata')
    .select(['id', 'generatedAt', 'objectKey'])
    .where('objectKey', 'is not', null)
    .$narrowType<{ objectKey: string }>()
