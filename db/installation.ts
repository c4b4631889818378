import { sql } from 'kysely'
import { stateOf } from './away.ts'
import { createDatabase, type Database } from './database.ts'

/** Whose queue it is. */
export type Installation = {
  /** Made with the database, and carried along by its dumps and copies. */
  id: string
  /** Tells a database from its copies, as far as Postgres can: those of a copied volume are told apart by nothing. */
  home: string
}

export const readInstallation = async (db: Database): Promise<Installation> => {
  const { id, oid } = await db
    .selectFrom('installation')
    .select('id')
    .select(
      sql<string>`(select oid::text from pg_database where datname = current_database())`.as('oid'),
    )
    .executeTakeFirstOrThrow()
  return { id, home: `${await readSystemIdentifier(db)}:${oid}` }
}

/** The cluster's, which a standby shares with its primary. Some services keep it from their customers. */
const readSystemIdentifier = async (db: Database): Promise<string> => {
  try {
    const { rows } = await sql<{ identifier: string }>`
      select system_identifier::text as identifier from pg_control_system()`.execute(db)
    return rows[0]?.identifier ?? UNKNOWN
  } catch (error) {
    if (stateOf((error as Error).cause) === INSUFFICIENT_PRIVILEGE) return UNKNOWN
    throw error
  }
}

const UNKNOWN = 'unknown'
const INSUFFICIENT_PRIVILEGE = '42501'

/** Gives the database an identity of its own. What runs on it keeps the former one until it is started again. */
export const renewInstallation = async (db: Database): Promise<Installation> => {
  await sql`update installation set id = default, created_at = default`.execute(db)
  return readInstallation(db)
}

/** With a connection of its own for as long as it takes. */
export const withDatabaseAt = async <T>(
  databaseUrl: string,
  use: (db: Database) => Promise<T>,
): Promise<T> => {
  const db = createDatabase({ url: databaseUrl, poolSize: 1, onIdleError: () => {} })
  try {
    return await use(db)
  } finally {
    await db.destroy()
  }
}
