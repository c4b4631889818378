import { readInstallation, withDatabaseAt } from '../db/installation.ts'
import { findPendingMigrations, migrateToLatest } from '../db/migrate.ts'
import { ensureVectorIndex } from '../db/vector-index.ts'
import { checkRedis, isQueueMigrated, migrateQueue } from './adapters/queue/prepare.ts'
import type { Config } from './app/config.ts'
import { requireDatabaseUrl } from './app/resources.ts'
import { chooseEmbedder } from './features/similarity/embeddings/choose-embedder.ts'
import { messageOf, StartError } from './lib/errors.ts'

/** Brings our tables, and BullMQ's when it keeps its jobs in Postgres, to the newest schema. */
export const migrate = async (config: Config): Promise<string[]> => {
  const databaseUrl = requireDatabaseUrl(config.database.url)
  const applied = await migrateToLatest(databaseUrl)
  if (!config.queue.redisUrl) await migrateQueue(databaseUrl)
  return applied
}

/** Makes the index of vectors where there can be one. Never fails: answers with a sentence about what is used. */
export const indexVectors = async (config: Config): Promise<string> => {
  const databaseUrl = requireDatabaseUrl(config.database.url)
  try {
    const chosen = chooseEmbedder(config)
    return chosen.embedder ? await ensureVectorIndex(databaseUrl, chosen.embedder) : chosen.note
  } catch (error) {
    return messageOf(error)
  }
}

/** Throws `StartError` when the schema is older than this program. */
export const assertMigrated = async (config: Config): Promise<void> => {
  const databaseUrl = requireDatabaseUrl(config.database.url)
  const pending = await findPendingMigrations(databaseUrl)
  if (!config.queue.redisUrl && !(await isQueueMigrated(databaseUrl))) pending.push('the queue')
  if (pending.length === 0) return
  throw new StartError(`The database lacks ${pending.join(', ')}: run \`imageonce migrate\` first.`)
}

/** Throws `StartError` when the Redis can't be used, or the queue in it is another database's; warns of what may be amiss. */
export const checkQueue = async (
  config: Config,
  warn: (message: string) => void,
): Promise<void> => {
  const { redisUrl, name } = config.queue
  if (!redisUrl) return
  const installation = await withDatabaseAt(
    requireDatabaseUrl(config.database.url),
    readInstallation,
  )
  await checkRedis(redisUrl, name, installation, warn)
}
