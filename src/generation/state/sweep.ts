import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { type Lane, laneSchema } from '../../contract/vocabulary.ts'
import type { Enqueue, QueuedJob } from '../ports.ts'
import { hasStatus } from './has-status.ts'

/** A row that was handed to the queue this long ago and still waits may have lost its job. */
const PRESUMED_LOST_MS = 3_000
const PAGE_ROWS = 1_000
/** A queue that is busy must be done with them before it is given up. */
const ADDED_AT_ONCE = 500
/** Where many are lost, the rest is left to the next sweeps, of as many workers as there are. */
const MAX_PAGES = 20

/** What the sweeper asks of the queue. */
export type SweptQueue = {
  enqueueAll: (jobs: QueuedJob[]) => Promise<void>
  /** Those among these generations that have no job. */
  findJobless: (generationIds: readonly string[]) => Promise<string[]>
  /** The generations whose jobs are kept back until a time. */
  listDelayed: () => Promise<string[]>
  /** Makes the jobs of these due now. */
  hasten: (generationIds: readonly string[]) => Promise<void>
  /** Frees the jobs of these, which no worker has, from what one with a wrong clock left. */
  mendClocks: (generationIds: readonly string[]) => Promise<void>
}

/**
 * Finds rows whose job is lost and hands them to the queue again; and makes due what is kept back though its row is due. A sweep looks
 * at the next 1,000 rows of each lane's line that have waited for a while, and goes on only where it finds lost ones: what waits and
 * has its job costs a look, and is not written. So a job that is lost alone is found after as many sweeps as its line has
 * thousands, and all of them at once where a queue lost its data. Adding a job that is there changes nothing, so this is safe at any
 * time and from many workers at once. The result sweeps once, and says how many it handed over.
 */
export const createSweep = (db: Database, queue: SweptQueue): (() => Promise<number>) => {
  /** Where the next sweep of a lane begins. */
  const places = new Map<Lane, Place>()

  const sweepLane = async (lane: Lane): Promise<number> => {
    let count = 0
    for (let page = 0; page < MAX_PAGES; page++) {
      const after = places.get(lane)
      const waiting = await listWaiting(db, lane, after)
      const last = waiting.length === PAGE_ROWS ? waiting.at(-1) : undefined
      if (last) places.set(lane, last)
      else places.delete(lane)
      const lost = await handOverLost(db, queue, waiting)
      count += lost
      // Behind the end of the line comes its beginning, of which nothing is presumed lost that was just handed over.
      const isBehindEnd = after !== undefined && waiting.length === 0
      if (lost === 0 && !isBehindEnd) break
    }
    return count
  }

  return async () => {
    let count = await handOverLost(db, queue, await listAbandoned(db))
    for (const lane of laneSchema.options) count += await sweepLane(lane)
    await hastenDue(db, queue)
    return count
  }
}

const handOverLost = async (
  db: Database,
  queue: SweptQueue,
  rows: readonly { id: string }[],
): Promise<number> => {
  const ids = rows.map(({ id }) => id)
  await queue.mendClocks(ids)
  if (ids.length === 0) return 0
  const jobless = await queue.findJobless(ids)
  if (jobless.length === 0) return 0
  const lost = await takeLost(db, jobless)
  for (let at = 0; at < lost.length; at += ADDED_AT_ONCE) {
    await queue.enqueueAll(lost.slice(at, at + ADDED_AT_ONCE))
  }
  return lost.length
}

/** A row's place in the line of its lane. */
type Place = { place: number; queuedAt: Date; id: string }

const hasWaited = sql<boolean>`(
  enqueued_at is null or enqueued_at < now() - ${sql.lit(PRESUMED_LOST_MS)} * interval '1 millisecond')`

/** The next rows in line, up to 1,000, that should have been run by now. */
const listWaiting = async (
  db: Database,
  lane: Lane,
  after: Place | undefined,
): Promise<Place[]> => {
  const isBehind = after
    ? sql`(place, queued_at, id) > (${after.place}, ${after.queuedAt}, ${after.id})`
    : sql`true`
  const { rows } = await sql<Place>`
    select id, place, queued_at from generations
    where status = 'queued' and lane = ${lane} and ${isBehind} and ${hasWaited}
    order by place, queued_at, id limit ${PAGE_ROWS}`.execute(db)
  return rows
}

/** Rows that a worker runs no more, though it began. */
const listAbandoned = async (db: Database): Promise<{ id: string }[]> => {
  const { rows } = await sql<{ id: string }>`
    select id from generations
    where status = 'running' and lease_expires_at < now() limit ${PAGE_ROWS}`.execute(db)
  return rows
}

/** Once for many workers that look at the same moment, and of none that has been run or ended since. */
const takeLost = async (db: Database, ids: readonly string[]): Promise<QueuedJob[]> => {
  const { rows } = await sql<QueuedJob>`
    update generations set enqueued_at = now()
    where id in (
      select id from generations
      where id = any(${ids}::text[])
        and ((${hasStatus('queued')} and ${hasWaited}) or (${hasStatus('running')} and lease_expires_at < now()))
      order by id
      for update skip locked)
    returning id as generation_id, lane, place`.execute(db)
  return rows
}

/**
 * A job is kept back by the clock of the worker that did so, and a row by Postgres's, which is the one that counts. What has no
 * row to wait for (a deferred submission) is tried again now that Postgres answers.
 */
const hastenDue = async (db: Database, queue: SweptQueue): Promise<void> => {
  const delayed = await queue.listDelayed()
  if (delayed.length === 0) return
  const { rows } = await sql<{ id: string }>`
    select id from generations
    where id = any(${delayed}::text[]) and ${hasStatus('queued')} and run_after > now()`.execute(db)
  const waiting = new Set(rows.map(({ id }) => id))
  await queue.hasten(delayed.filter((id) => !waiting.has(id)))
}

/**
 * A generation that was asked for again while its finished job still stood in the queue got no new job:
 * hands it over once that job is gone.
 */
export const enqueueIfQueued = async (
  db: Database,
  enqueue: Enqueue,
  id: string,
): Promise<void> => {
  const [job] = await findQueued(db, [id])
  if (job) await enqueue(job)
}

/** Hands over what a worker gave back that had no job for it any more. */
export const enqueueAgain = async (
  db: Database,
  enqueue: Enqueue,
  id: string,
  delayMs: number,
): Promise<void> => {
  const job = await db
    .selectFrom('generations')
    .select(['id as generationId', 'lane', 'place'])
    .where('id', '=', id)
    .where(hasStatus('queued'))
    .executeTakeFirst()
  if (job) await enqueue({ ...job, delayMs })
}

/** The jobs of those among these that wait to be run now. */
export const findQueued = (db: Database, ids: readonly string[]): Promise<QueuedJob[]> =>
  db
    .selectFrom('generations')
    .select(['id as generationId', 'lane', 'place'])
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .where(hasStatus('queued'))
    .where((eb) => eb.or([eb('runAfter', 'is', null), eb('runAfter', '<=', sql<Date>`now()`)]))
    .execute()
