import type { Database } from '../../../db/database.ts'
import type { ImageStore } from '../../generation/ports.ts'
import { isDisagreement } from './disagreement.ts'
import {
  deleteMark,
  findUnreferenced,
  listRipeOrphans,
  markOrphans,
  type Ripeness,
  unmark,
} from './orphan-marks.ts'

export type OrphanDeps = {
  db: Database
  store: Pick<ImageStore, 'list' | 'delete' | 'removeLeftovers'>
}

/** Where the service keeps its objects; what else is in the bucket is somebody else's. */
const FOLDERS = ['generated', 'uploads']

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS
/** A younger object may be ahead of its row: an upload is stored before it is recorded. */
const MARKED_AFTER_MS = DAY_MS
const DELETED_AFTER_MS = 7 * DAY_MS
const MARKED_FOR_MS = DAY_MS
const LEFTOVERS_AFTER_MS = HOUR_MS
/** Fewer objects are too few to tell a wrong database by. */
const MIN_SCANNED = 20
const DELETED_AT_ONCE = 100

export type OrphanReport = {
  scanned: number
  unreferenced: number
  marked: number
  unmarked: number
  deleted: number
  /** Files that a writer never finished, deleted. */
  leftovers: number
  /** True: the database and the store disagree so widely that nothing was deleted. */
  isRefused: boolean
}

/**
 * Finds objects that no row refers to: marks those older than a day, and deletes those that have been marked for a
 * day and are older than a week. Writers' leftovers of an hour go too. Safe to repeat and from many workers at once.
 * Throws when the store or Postgres does not answer; no object is deleted before the whole store was looked at.
 */
export const removeOrphanObjects = async (
  deps: OrphanDeps,
  { now = new Date(), signal }: { now?: Date; signal?: AbortSignal } = {},
): Promise<OrphanReport> => {
  const scan = await scanObjects(deps, now, signal)
  const isRefused = isDisagreement(scan.unreferenced, scan.scanned, MIN_SCANNED)
  const ripeness = {
    foundBefore: before(now, MARKED_FOR_MS),
    modifiedBefore: before(now, DELETED_AFTER_MS),
  }
  const deleted = isRefused ? 0 : await deleteRipe(deps, ripeness, signal)
  const leftovers = await deps.store.removeLeftovers(before(now, LEFTOVERS_AFTER_MS))
  return { ...scan, deleted, leftovers, isRefused }
}

const before = (now: Date, ms: number) => new Date(now.getTime() - ms)

const scanObjects = async ({ db, store }: OrphanDeps, now: Date, signal?: AbortSignal) => {
  const counts = { scanned: 0, unreferenced: 0, marked: 0, unmarked: 0 }
  const modifiedBefore = before(now, MARKED_AFTER_MS)
  for (const folder of FOLDERS) {
    for await (const page of store.list(folder)) {
      signal?.throwIfAborted()
      const keys = page.map(({ key }) => key)
      const unreferenced = await findUnreferenced(db, keys)
      const orphans = page.filter(({ key }) => unreferenced.has(key))
      const old = orphans.filter(({ modifiedAt }) => modifiedAt <= modifiedBefore)
      const referenced = keys.filter((key) => !unreferenced.has(key))
      counts.scanned += page.length
      counts.unreferenced += orphans.length
      counts.marked += await markOrphans(db, old, now)
      counts.unmarked += await unmark(db, referenced)
    }
  }
  return counts
}

const deleteRipe = async (
  { db, store }: OrphanDeps,
  ripeness: Ripeness,
  signal?: AbortSignal,
): Promise<number> => {
  let deleted = 0
  let after = ''
  for (;;) {
    const keys = await listRipeOrphans(db, ripeness, after, DELETED_AT_ONCE)
    for (const key of keys) {
      signal?.throwIfAborted()
      await store.delete(key)
      if (await deleteMark(db, key, ripeness)) deleted++
      after = key
    }
    if (keys.length < DELETED_AT_ONCE) return deleted
  }
}
