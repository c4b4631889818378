import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { ImageStore } from '../../generation/ports.ts'
import { DAY_MS, HOUR_MS } from '../../lib/time.ts'
import { isDisagreement } from './disagreement.ts'
import {
  findUnreferenced,
  forgetDeleted,
  listRipeOrphans,
  markOrphans,
  removeMarked,
  unmark,
} from './orphan-marks.ts'

export type OrphanDeps = {
  db: Database
  /** How long an object without a row is kept after it was found: a database that is restored may want it back. */
  graceDays: number
  store: Pick<ImageStore, 'list' | 'delete' | 'removeLeftovers'>
}

/** Where the service keeps its objects; what else is in the bucket is somebody else's. */
export const FOLDERS = ['generated', 'uploads']
/** Of what came besides images. */
const SURPLUS_FOLDER = 'surplus'

/** A younger object may be ahead of its row: an upload is stored before it is recorded. */
const MARKED_AFTER_MS = DAY_MS
/** Longer than any writer sleeps that may put an object once more after it was deleted. */
const DELETION_REMEMBERED_MS = 90 * DAY_MS
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
 * Finds objects that no row refers to: marks those older than a day, and deletes those that have been marked for the days of grace.
 * What its owner deleted has none. Writers' leftovers of an hour go too. Safe to repeat and from many workers at once.
 * Throws when the store or Postgres does not answer; no object is deleted before the whole store was looked at.
 */
export const removeOrphanObjects = async (
  deps: OrphanDeps,
  { now: given, signal }: { now?: Date; signal?: AbortSignal } = {},
): Promise<OrphanReport> => {
  const now = given ?? (await readClock(deps.db))
  const scan = await scanObjects(deps, now, signal)
  const isRefused = isDisagreement(scan.unreferenced, scan.scanned, MIN_SCANNED)
  const foundBefore = before(now, deps.graceDays * DAY_MS)
  const deleted = isRefused ? 0 : await deleteRipe(deps, foundBefore, signal)
  if (!isRefused) await forgetDeleted(deps.db, before(now, DELETION_REMEMBERED_MS), signal)
  // Files of this machine have its own clock's times.
  const leftovers = await deps.store.removeLeftovers(
    before(given ?? new Date(), LEFTOVERS_AFTER_MS),
  )
  return { ...scan, deleted, leftovers, isRefused }
}

/** A worker whose clock is a week fast would delete what has just been stored. */
const readClock = async (db: Database): Promise<Date> => {
  const { rows } = await sql<{ now: Date }>`select now()`.execute(db)
  return rows[0]?.now ?? new Date()
}

const before = (now: Date, ms: number) => new Date(now.getTime() - ms)

const scanObjects = async ({ db, store }: OrphanDeps, now: Date, signal?: AbortSignal) => {
  const counts = { scanned: 0, unreferenced: 0, marked: 0, unmarked: 0 }
  const modifiedBefore = before(now, MARKED_AFTER_MS)
  for (const folder of [...FOLDERS, SURPLUS_FOLDER]) {
    for await (const page of store.list(folder)) {
      signal?.throwIfAborted()
      const keys = page.map(({ key }) => key)
      const unreferenced = await findUnreferenced(db, keys)
      const orphans = page.filter(({ key }) => unreferenced.has(key))
      const old = orphans.filter(
        ({ key, modifiedAt }) => modifiedAt <= modifiedBefore || unreferenced.get(key)?.isDeleted,
      )
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
  foundBefore: Date,
  signal?: AbortSignal,
): Promise<number> => {
  let deleted = 0
  let after = ''
  for (;;) {
    const keys = await listRipeOrphans(db, foundBefore, after, DELETED_AT_ONCE)
    for (const key of keys) {
      signal?.throwIfAborted()
      if (await removeMarked(db, key, foundBefore, () => store.delete(key))) deleted++
      after = key
    }
    if (keys.length < DELETED_AT_ONCE) return deleted
  }
}
