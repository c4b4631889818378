import { type Kysely, sql } from 'kysely'
import { patiently } from './alter-patiently.ts'

const ROWS_AT_ONCE = 1_000

/**
 * Sets columns of the rows that `where` names, a thousand at a time in the order of `key`, which is unique and has an index. Who
 * writes to one of these waits for them alone, a tenth of a second, and is never waited for longer than half of one. Outside a
 * transaction; safe to repeat where `where` is no longer true of what is set.
 */
export const fillPatiently = async (
  db: Kysely<unknown>,
  { table, key, set, where }: { table: string; key: string; set: string; where: string },
): Promise<void> => {
  for (let last: string | undefined | null; last !== null; ) {
    const after = last === undefined ? sql`true` : sql`${sql.ref(key)} > ${last}`
    last = await patiently(db, async (tx) => {
      const { rows } = await sql<{ last: string | null }>`
        with page as materialized (
          select ${sql.ref(key)} as filled from ${sql.table(table)} where ${after}
          order by ${sql.ref(key)} limit ${sql.lit(ROWS_AT_ONCE)}
        ), changed as (
          update ${sql.table(table)} set ${sql.raw(set)} from page
          where ${sql.ref(key)} = filled and (${sql.raw(where)})
        )
        select (select filled::text from page order by filled desc limit 1) as last`.execute(tx)
      return rows[0]?.last ?? null
    })
  }
}
