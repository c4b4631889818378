import { type Kysely, sql } from 'kysely'

/**
 * Makes an index without holding up who writes, and then does away with those that it stands in for. Outside a transaction; safe to
 * repeat: what a run left behind that was cut off is made anew. `on`: what follows `on` in `create index`.
 */
export const replaceIndex = async (
  db: Kysely<unknown>,
  { name, on, replaces }: { name: string; on: string; replaces: readonly string[] },
): Promise<void> => {
  if (await isHalfMade(db, name)) await dropIndex(db, name)
  await sql.raw(`create index concurrently if not exists ${name} on ${on}`).execute(db)
  for (const replaced of replaces) await dropIndex(db, replaced)
}

/** Without holding up who reads or writes, outside a transaction; one that is gone already is none to drop. */
export const dropIndex = async (db: Kysely<unknown>, name: string): Promise<void> => {
  await sql.raw(`drop index concurrently if exists ${name}`).execute(db)
}

const isHalfMade = async (db: Kysely<unknown>, name: string): Promise<boolean> => {
  const { rows } = await sql`
    select from pg_index where indexrelid = to_regclass(${name}) and not indisvalid`.execute(db)
  return rows.length > 0
}
