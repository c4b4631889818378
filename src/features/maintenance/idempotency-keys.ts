import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { deleteInBatches } from '../../../db/delete-in-batches.ts'

/**
 * Deletes clients' keys that have expired. They bind nothing any more, so this only frees room. Not in the minute that a
 * key expires: a submission that still found it bound is about to read it.
 */
export const deleteExpiredKeys = (db: Database, signal?: AbortSignal) =>
  deleteInBatches(
    db,
    (limit) => sql`
      delete from idempotency_keys where (owner_id, key) in (
        select owner_id, key from idempotency_keys
        where expires_at < now() - interval '1 minute'
        order by expires_at limit ${limit}
        for update skip locked)`,
    signal,
  )
