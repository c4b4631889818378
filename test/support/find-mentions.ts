import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'

export type Column = { schema: string; table: string; column: string }

/** Every column of every table of the database, BullMQ's included, that may hold a text. */
export const listTextColumns = async (db: Database): Promise<Column[]> => {
  const { rows } = await sql<Column>`
    select columns.table_schema as schema, columns.table_name as table, columns.column_name as column
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_type = 'BASE TABLE' and columns.table_schema not in ('pg_catalog', 'information_schema')
      and data_type not in ('timestamp with time zone', 'boolean', 'integer', 'bigint', 'smallint', 'double precision', 'date')
    order by 1, 2, 3`.execute(db)
  return rows
}

/** Of counts that go by themselves within a minute. */
const PASSING = 'rate_counts'

/** The columns in which one of these texts stands, as `table.column`. */
export const findMentions = async (db: Database, texts: readonly string[]): Promise<string[]> => {
  const found: string[] = []
  for (const { schema, table, column } of await listTextColumns(db)) {
    if (table === PASSING) continue
    const { rows } = await sql<{ isThere: boolean }>`
      select exists (
        select from ${sql.id(schema, table)}, unnest(${texts}::text[]) as searched
        where strpos(${sql.ref(`${column}`)}::text, searched) > 0) as is_there`.execute(db)
    if (rows[0]?.isThere) found.push(`${table}.${column}`)
  }
  return found
}
