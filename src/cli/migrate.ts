import type { Config } from '../app/config.ts'
import { passSelfTest } from '../app/self-test.ts'
import { createLogger } from '../lib/logger.ts'
import { indexVectors, migrate } from '../migrate.ts'
import { withDatabase } from '../start.ts'

/** Migrates the configured database, or the embedded one. */
export const runMigrate = async (config: Config): Promise<void> => {
  const database = await withDatabase(config, createLogger(config.logLevel ?? 'warn', 'start'))
  try {
    await passSelfTest(database.config, 'migrate', console.warn)
    const applied = await migrate(database.config)
    console.log(
      applied.length > 0 ? `Applied ${applied.join(', ')}.` : 'The database is up to date.',
    )
    console.log(await indexVectors(database.config))
  } finally {
    await database.release()
  }
}
