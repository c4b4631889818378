import { readInstallation, withDatabaseAt } from '../db/installation.ts'
import { findPendingMigrations, migrateToLatest } from '../db/migrate.ts'
import { ensureVectorIndex } from '../db/vector-index.ts'
import { checkRedis, isQueueMigrated, migrateQueue } from './adapters/queue/prepare.ts'
import type { Config } from './app/config.ts'
import { requireDatabase } from './app/resources.ts'
import { chooseEmbedder } from './features/similarity/embeddings/choose-embedder.ts'
import { messageOf, StartError } from './lib/errors.ts'

/** Brings our tables, and BullMQ's when it keeps its jobs in Postgres, to the newest schema. */
export const migrate = async (config: Config): Promise<string[]> => {
  const { directUrl } = requireDatabase(config.database)
  const applied = await migrateToLatest(directUrl)
  if (!config.queue.redisUrl) await migrateQueue(directUrl)
  return applied
}

/** Makes the index of vectors where there can be one. Never fails: answers with a sentence about what is used. */
export const indexVectors = async (config: Config): Promise<string> => {
  const { directUrl } = requireDatabase(config.database)
  try {
    const chosen = chooseEmbedder(config)
    return chosen.embedder ? await ensureVectorIndex(directUrl, chosen.embedder) : chosen.note
  } catch (error) {
    return messageOf(error)
  }
}

/** Throws `StartError` when the schema is older than this program. */
export const assertMigrated = async (config: Config): Promise<void> => {
  const { directUrl } = requireDatabase(config.database)
  const pending = await findPendingMigrations(directUrl)
  if (!config.queue.redisUrl && !(await isQueueMigrated(directUrl))) pending.push('the queue')
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
    requireDatabase(config.database).directUrl,
    readInstallation,
  )
  await checkRedis(redisUrl, name, installation, warn)
}
