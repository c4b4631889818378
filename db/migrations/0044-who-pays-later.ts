import { type Kysely, sql } from 'kysely'

/**
 * The key by which a saved item's picture was asked for, which pays when a worker asks for it; and the limits of the settings that what
 * waits has been tried under. Safe to repeat.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  for (const statement of statements) await sql.raw(statement).execute(db)
}

const statements = [
  'alter table saved_items add column if not exists key_id text',
  'alter table spending_switch add column if not exists settings text',
]
