import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Enqueue, QueuedJob } from '../ports.ts'

/** A row that was handed to the queue this long ago and still waits may have lost its job. */
const PRESUMED_LOST_MS = 3_000
const BATCH_ROWS = 500
/** A longer line is gone through in several sweeps, by as many workers as there are. */
const MAX_BATCHES = 20

/** What the sweeper asks of the queue. */
export type SweptQueue = {
  enqueueAll: (jobs: QueuedJob[]) => Promise<void>
  /** The generations whose jobs are kept back until a time. */
  listDelayed: () => Promise<string[]>
  /** Makes the jobs of these due now. */
  hasten: (generationIds: readonly string[]) => Promise<void>
  /** Frees the jobs of these, which no worker has, from what one with a wrong clock left. */
  mendClocks: (generationIds: readonly string[]) => Promise<void>
}

/**
 * Hands to the queue again what may have no job: rows queued for a while, and rows running with a dead lease; and makes due
 * what is kept back though its row is due. Adding a job that is there changes nothing, so this is safe at any time and
 * from many workers at once. Returns how many it handed over.
 */
export const sweepGenerations = async (db: Database, queue: SweptQueue): Promise<number> => {
  let count = 0
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const lost = await takePresumedLost(db)
    await queue.mendClocks(lost.map(({ generationId }) => generationId))
    if (lost.length > 0) await queue.enqueueAll(lost)
    count += lost.length
    if (lost.length < BATCH_ROWS) break
  }
  await hastenDue(db, queue)
  return count
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
    where id = any(${delayed}::text[]) and status = 'queued' and run_after > now()`.execute(db)
  const waiting = new Set(rows.map(({ id }) => id))
  await queue.hasten(delayed.filter((id) => !waiting.has(id)))
}

const takePresumedLost = async (db: Database): Promise<QueuedJob[]> => {
  const { rows } = await sql<QueuedJob>`
    update generations set enqueued_at = now()
    where id in (
      select id from generations
      where (status = 'queued' and (enqueued_at is null
          or enqueued_at < now() - ${PRESUMED_LOST_MS} * interval '1 millisecond'))
        or (status = 'running' and lease_expires_at < now())
      order by enqueued_at nulls first
      limit ${BATCH_ROWS}
      for update skip locked)
    returning id as generation_id, lane, place`.execute(db)
  return rows
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

/** The jobs of those among these that wait to be run now. */
export const findQueued = (db: Database, ids: readonly string[]): Promise<QueuedJob[]> =>
  db
    .selectFrom('generations')
    .select(['id as generationId', 'lane', 'place'])
    .where('id', '=', sql<string>`any(${ids}::text[])`)
    .where('status', '=', 'queued')
    .where((eb) => eb.or([eb('runAfter', 'is', null), eb('runAfter', '<=', sql<Date>`now()`)]))
    .execute()
