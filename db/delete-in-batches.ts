import { type RawBuilder, sql } from 'kysely'
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

/** Deletes the rows whose `column` is older than so many days by Postgres's clock, oldest first and from many workers at once. */
export const deleteOlderThan = (
  db: Database,
  { table, column, days }: { table: string; column: string; days: number },
  signal?: AbortSignal,
): Promise<{ deleted: number }> => {
  const [from, at] = [sql.table(table), sql.ref(column)]
  return deleteInBatches(
    db,
    (limit) => sql`
      delete from ${from} where ctid = any(array(
        select ctid from ${from} where ${at} < now() - ${days}::int * interval '1 day'
        order by ${at} limit ${limit}
        for update skip locked))`,
    signal,
  )
}
