import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { Lane } from '../contract/vocabulary.ts'
import type { Enqueue } from './ports.ts'

/** A row that was handed to the queue this long ago and still waits may have lost its job. */
const PRESUMED_LOST_MS = 5_000
const BATCH_ROWS = 500

/**
 * Hands to the queue again what may have no job: rows queued for a while, and rows running with a dead lease.
 * Adding a job that is there changes nothing, so this is safe at any time and from many workers at once.
 * Returns how many it handed over.
 */
export const sweepGenerations = async (db: Database, enqueue: Enqueue): Promise<number> => {
  const { rows } = await sql<{ id: string; lane: Lane; place: number }>`
    update generations set enqueued_at = now()
    where id in (
      select id from generations
      where (status = 'queued' and (enqueued_at is null
          or enqueued_at < now() - ${PRESUMED_LOST_MS} * interval '1 millisecond'))
        or (status = 'running' and lease_expires_at < now())
      order by enqueued_at nulls first
      limit ${BATCH_ROWS}
      for update skip locked)
    returning id, lane, place`.execute(db)
  for (const { id, lane, place } of rows) await enqueue({ generationId: id, lane, place })
  return rows.length
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
  const row = await db
    .selectFrom('generations')
    .select(['lane', 'place'])
    .where('id', '=', id)
    .where('status', '=', 'queued')
    .where((eb) => eb.or([eb('runAfter', 'is', null), eb('runAfter', '<=', sql<Date>`now()`)]))
    .executeTakeFirst()
  if (row) await enqueue({ generationId: id, ...row })
}
