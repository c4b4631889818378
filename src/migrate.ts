import { DatabaseAway, isAnswer, toDatabaseError } from '../db/away.ts'
import { explainDatabase } from '../db/examine.ts'
import { readInstallation, withDatabaseAt } from '../db/installation.ts'
import { findPendingMigrations, migrateToLatest } from '../db/migrate.ts'
import { ensureVectorIndex } from '../db/vector-index.ts'
import { checkInstallation, isQueueMigrated, migrateQueue } from './adapters/queue/prepare.ts'
import type { Config } from './app/config.ts'
import { requireDatabase } from './app/resources.ts'
import { chooseEmbedder } from './features/similarity/embeddings/choose-embedder.ts'
import { messageOf, StartError } from './lib/errors.ts'
import { explainNetwork, formatFinding } from './lib/finding.ts'

/** Brings our tables, and BullMQ's when it keeps its jobs in Postgres, to the newest schema. */
export const migrate = async (config: Config): Promise<string[]> => {
  const { directUrl } = requireDatabase(config.database)
  return explaining(config, async () => {
    const applied = await migrateToLatest(directUrl)
    if (!config.queue.redisUrl) await migrateQueue(directUrl)
    return applied
  })
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

/** Throws `StartError` when the schema is older than this program, or the queue another database's. */
export const assertUsable = async (
  config: Config,
  warn: (message: string) => void,
): Promise<void> => {
  await assertMigrated(config)
  await checkQueue(config, warn)
}

/** Throws `StartError` when the schema is older than this program, or Postgres does not tell. */
export const assertMigrated = async (config: Config): Promise<void> => {
  const { directUrl } = requireDatabase(config.database)
  const pending = await explaining(config, async () => {
    const ours = await findPendingMigrations(directUrl)
    const isQueueReady = config.queue.redisUrl || (await isQueueMigrated(directUrl))
    return isQueueReady ? ours : [...ours, 'the queue']
  })
  if (pending.length === 0) return
  throw new StartError(`The database lacks ${pending.join(', ')}: run \`imageonce migrate\` first.`)
}

/** Throws `StartError` when the queue in Redis is another database's; warns of what waits in that of the release before. */
export const checkQueue = async (
  config: Config,
  warn: (message: string) => void,
): Promise<void> => {
  const { redisUrl, name } = config.queue
  if (!redisUrl) return
  const { directUrl } = requireDatabase(config.database)
  const installation = await explaining(config, () => withDatabaseAt(directUrl, readInstallation))
  await checkInstallation(redisUrl, name, installation, warn)
}

/** What Postgres or its driver says, in words for an operator. */
const explaining = async <T>({ database }: Config, work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (cause) {
    const isOfDriver = toDatabaseError(cause) !== cause && isOfPostgres(cause)
    if (!isOfDriver && !(cause instanceof DatabaseAway)) throw cause
    const setting = database.directUrl ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL'
    const explanation = formatFinding(explainDatabase(cause, setting))
    throw new StartError(`${explanation} (${messageOf(cause)})`, { cause })
  }
}

const isOfPostgres = (error: unknown): boolean =>
  isAnswer(error) || explainNetwork(error) !== undefined
