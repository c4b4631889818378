import type { RawBuilder } from 'kysely'
import type { Database } from './database.ts'

const BATCH_ROWS = 1_000

/**
 * Runs a statement that deletes up to `limit` rows until it finds fewer; says how many went. With `skip locked` in the
 * statement it is safe from many workers at once: each takes rows that no other holds.
 */
export const deleteInBatches = async (
  db: Database,
  statement: (limit: number) => RawBuilder<unknown>,
  signal?: AbortSignal,
): Promise<{ deleted: number }> => {
  let deleted = 0
  for (;;) {
    signal?.throwIfAborted()
    const { numAffectedRows } = await statement(BATCH_ROWS).execute(db)
    const batch = Number(numAffectedRows ?? 0)
    deleted += batch
    if (batch < BATCH_ROWS) return { deleted }
  }
}
