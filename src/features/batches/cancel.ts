import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { AppError } from '../../lib/errors.ts'
import { findBatch } from './report.ts'

/**
 * Has a batch canceled, by the next worker that looks at it: what it has brought by then is taken, and the rest is made otherwise. Safe
 * to repeat. Throws `not_found`, or `already_finished`.
 */
export const cancelBatch = async (db: Database, id: string) => {
  await db
    .updateTable('batches')
    .set({ cancelAskedAt: sql<Date>`coalesce(cancel_asked_at, now())`, dueAt: sql<Date>`now()` })
    .where('id', '=', id)
    .where('state', 'in', ['intended', 'running'])
    .execute()
  const batch = await findBatch(db, id)
  if (!batch) throw new AppError('not_found', 'There is no batch with this id.')
  if (batch.state !== 'intended' && batch.state !== 'running') {
    throw new AppError('already_finished', `The batch has ${batch.outcome ?? 'ended'} already.`)
  }
  return batch
}
