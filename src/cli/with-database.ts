import { createDatabase, type Database } from '../../db/database.ts'
import type { Config } from '../app/config.ts'
import { requireDatabase } from '../app/resources.ts'
import { createLogger } from '../lib/logger.ts'
import { assertMigrated } from '../migrate.ts'
import { withDatabase } from '../start.ts'

/** Opens the database alone, for a command that needs nothing else; closes it again. Throws `StartError`. */
export const withOwnDatabase = async <T>(
  config: Config,
  use: (db: Database) => Promise<T>,
): Promise<T> => {
  const database = await withDatabase(config, createLogger(config.logLevel ?? 'warn', 'start'))
  const { directUrl: url } = requireDatabase(database.config.database)
  const db = createDatabase({ url, poolSize: 2, onIdleError: () => {} })
  try {
    await assertMigrated(database.config)
    return await use(db)
  } finally {
    await db.destroy()
    await database.release()
  }
}
