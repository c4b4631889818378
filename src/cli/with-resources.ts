import type { Config } from '../app/config.ts'
import { createResources, QUEUE_SETTLE_MS, type Resources } from '../app/resources.ts'
import { createLogger, type Logger } from '../lib/logger.ts'
import { assertMigrated } from '../migrate.ts'
import { withDatabase } from '../start.ts'

/** Opens what a worker has, for a command that does some of its work; closes it all again. Throws `StartError`. */
export const withResources = async (
  config: Config,
  use: (resources: Resources, logger: Logger) => Promise<void>,
): Promise<void> => {
  const logger = createLogger(config.logLevel ?? 'warn', 'start')
  const database = await withDatabase(config, logger)
  try {
    await assertMigrated(database.config)
    const resources = createResources(database.config, logger, {})
    try {
      await resources.queue.settle(QUEUE_SETTLE_MS)
      await use(resources, logger)
    } finally {
      await resources.releaseAll()
    }
  } finally {
    await database.release()
  }
}
