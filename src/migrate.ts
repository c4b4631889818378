import { migrateToLatest } from '../db/migrate.ts'
import type { Config } from './config.ts'
import { requireDatabaseUrl } from './context/shared.ts'
import { migrateQueue } from './queue/prepare.ts'

/** Brings our tables, and BullMQ's when it keeps its jobs in Postgres, to the newest schema. */
export const migrate = async (config: Config): Promise<string[]> => {
  const databaseUrl = requireDatabaseUrl(config.database.url)
  const applied = await migrateToLatest(databaseUrl)
  if (!config.queue.redisUrl) await migrateQueue(databaseUrl)
  return applied
}
