import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'

const BATCH_ROWS = 1_000

/**
 * Deletes clients' keys that have expired; returns how many. They bind nothing any more, so this only frees room.
 * Safe from many workers at once: each takes rows that no other holds.
 */
export const deleteExpiredKeys = async (
  db: Database,
  signal?: AbortSignal,
): Promise<{ deleted: number }> => {
  let deleted = 0
  for (;;) {
    signal?.throwIfAborted()
    const batch = await deleteBatch(db)
    deleted += batch
    if (batch < BATCH_ROWS) return { deleted }
  }
}

/** Not in the minute that a key expires: a submission that still found it bound is about to read it. */
const deleteBatch = async (db: Database): Promise<number> => {
  const { numAffectedRows } = await sql`
    delete from idempotency_keys where (owner_id, key) in (
      select owner_id, key from idempotency_keys
      where expires_at < now() - interval '1 minute'
      order by expires_at limit ${BATCH_ROWS}
      for update skip locked)`.execute(db)
  return Number(numAffectedRows ?? 0)
}
