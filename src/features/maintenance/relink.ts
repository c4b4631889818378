import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationStatus } from '../../contract/vocabulary.ts'
import type { ImageStore, InspectImage, StoredObject } from '../../generation/ports.ts'
import { describeAsStored, listKeys } from '../../generation/run/store-image.ts'
import {
  type ImageToCheck,
  moveImage,
  restoreImage,
  withdrawLostImage,
} from '../../generation/state/lost-image.ts'
import { isDisagreement } from './disagreement.ts'
import { findMissing, selectWithObject } from './lost-images.ts'
import { findUnreferenced } from './orphan-marks.ts'
import { FOLDERS } from './orphan-objects.ts'

export type RelinkDeps = { db: Database; store: ImageStore; inspect: InspectImage }

/** What was found, and what is done about it. */
export const relinkKinds = {
  'image whose object is at another key': 'pointed to it',
  'image without an object': 'taken back: asking again makes it anew',
  'object of a generation that failed': 'shown again',
  'object of an upload that had lost its own': 'shown again',
  'object of an image that its owner deleted': 'deleted',
  'object of a generation that no row knows, or that waits': 'kept: asking finds it, at no cost',
  'object that is not needed, or whose upload no row knows': 'kept for ORPHAN_GRACE_DAYS',
  'object that does not decode': 'kept for ORPHAN_GRACE_DAYS',
} as const

export type RelinkKind = keyof typeof relinkKinds
export type Finding = { kind: RelinkKind; objectKey: string }

export type RelinkReport = {
  images: number
  objects: number
  /** So many images have no object that the store, or the database, must be the wrong one: none was taken back. */
  isRefused: boolean
}

export type RelinkOptions = {
  isApplied: boolean
  /** Takes images back even where most have no object. */
  isForced: boolean
  onFinding: (finding: Finding) => void
}

const PAGE_IMAGES = 1_000
/** Fewer images are too few to tell a wrong store by. */
const MIN_IMAGES = 10

/**
 * Looks for the object of each image and for the row of each object, and with `isApplied` mends both. Pays for nothing, and may
 * be run beside the service, and again. Throws when the store or Postgres does not answer.
 */
export const relink = async (deps: RelinkDeps, options: RelinkOptions): Promise<RelinkReport> => {
  const used = new Set<string>()
  const { images, missing } = await findAllMissing(deps)
  const isRefused = !options.isForced && isDisagreement(missing.length, images, MIN_IMAGES)
  for (const image of missing) {
    const movedTo = await mendImage(deps, options, image, isRefused)
    if (movedTo) used.add(movedTo)
  }
  let objects = 0
  for (const folder of FOLDERS) {
    for await (const page of deps.store.list(folder)) {
      objects += page.length
      await mendObjects(
        deps,
        options,
        page.filter(({ key }) => !used.has(key)),
      )
    }
  }
  return { images, objects, isRefused }
}

const findAllMissing = async (deps: RelinkDeps) => {
  const missing: ImageToCheck[] = []
  let images = 0
  let after = ''
  for (;;) {
    const page = await selectWithObject(deps.db)
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE_IMAGES)
      .execute()
    missing.push(...(await findMissing(deps, page)))
    images += page.length
    after = page.at(-1)?.id ?? after
    if (page.length < PAGE_IMAGES) return { images, missing }
  }
}

/** The key that the image is at instead, if there is one. */
const mendImage = async (
  deps: RelinkDeps,
  { isApplied, onFinding }: RelinkOptions,
  image: ImageToCheck,
  isRefused: boolean,
): Promise<string | undefined> => {
  const elsewhere = await findElsewhere(deps, image)
  if (elsewhere) {
    const { found, objectKey } = elsewhere
    onFinding({ kind: 'image whose object is at another key', objectKey: image.objectKey })
    if (isApplied) await moveImage(deps.db, image, found, objectKey)
    return objectKey
  }
  onFinding({ kind: 'image without an object', objectKey: image.objectKey })
  if (isApplied && !isRefused) await withdrawLostImage(deps.db, image)
  return undefined
}

const findElsewhere = async (deps: RelinkDeps, image: ImageToCheck) => {
  const keys = await listKeys(deps.store, image)
  const unreferenced = await findUnreferenced(deps.db, keys)
  for (const objectKey of keys) {
    if (unreferenced.get(objectKey)?.isDeleted !== false) continue
    const found = await inspectObject(deps, objectKey)
    if (found) return { found, objectKey }
  }
  return undefined
}

/** Undefined for what is gone or does not decode. */
const inspectObject = async ({ store, inspect }: RelinkDeps, key: string) => {
  const stored = await store.find(key)
  return stored && describeAsStored(inspect, stored).catch(() => undefined)
}

const mendObjects = async (
  deps: RelinkDeps,
  { isApplied, onFinding }: RelinkOptions,
  page: StoredObject[],
): Promise<void> => {
  const unreferenced = await findUnreferenced(
    deps.db,
    page.map(({ key }) => key),
  )
  const states = await findStates(
    deps.db,
    page.map(({ key }) => idOf(key)),
  )
  for (const { key: objectKey } of page) {
    const id = idOf(objectKey)
    const state = states.get(id)
    // A failed generation refers to its key, and shows nothing.
    if (!unreferenced.has(objectKey) && state !== 'failed') continue
    const isDeleted = unreferenced.get(objectKey)?.isDeleted
    const kind = isDeleted ? 'object of an image that its owner deleted' : kindOf(objectKey, state)
    if (kind === undefined) continue
    if (!isRestored(kind)) {
      onFinding({ kind, objectKey })
      if (isApplied && isDeleted) await deps.store.delete(objectKey)
      continue
    }
    const found = await inspectObject(deps, objectKey)
    onFinding({ kind: found ? kind : 'object that does not decode', objectKey })
    if (isApplied && found) await restoreImage(deps.db, id, found, objectKey)
  }
}

const isRestored = (kind: RelinkKind): boolean =>
  kind === 'object of a generation that failed' ||
  kind === 'object of an upload that had lost its own'

/** `generated/<id>/…`, `uploads/<id>/…`. */
const idOf = (objectKey: string): string => objectKey.split('/')[1] ?? ''

const isThumbnail = (objectKey: string): boolean => objectKey.split('/')[2]?.includes('.') ?? false

type State = GenerationStatus | 'upload without an object'

/** Thumbnails follow their image. */
const kindOf = (objectKey: string, state: State | undefined): RelinkKind | undefined => {
  if (isThumbnail(objectKey)) return undefined
  if (state === 'failed') return 'object of a generation that failed'
  if (state === 'upload without an object') return 'object of an upload that had lost its own'
  const isGenerated = objectKey.startsWith('generated/')
  if (isGenerated && state !== 'succeeded') {
    return 'object of a generation that no row knows, or that waits'
  }
  return 'object that is not needed, or whose upload no row knows'
}

const findStates = async (db: Database, ids: string[]): Promise<Map<string, State>> => {
  const { rows } = await sql<{ id: string; state: State }>`
    select id, status as state from generations where id = any(${ids}::text[])
    union all
    select id, 'upload without an object' from image_metadata
    where id = any(${ids}::text[]) and image_type = 'user_uploaded' and object_key is null`.execute(
    db,
  )
  return new Map(rows.map(({ id, state }) => [id, state]))
}
