import { assertSchemaCompatibility, runMigrations, SchemaMigrationRequiredError } from 'bullmq'
import type { Redis } from 'ioredis'
import type { Installation } from '../../../db/installation.ts'
import { StartError } from '../../lib/errors.ts'
import { enterQueue, withRedis } from './enter-queue.ts'
import { countParkedByFormerRelease } from './former-queue.ts'
import { SurvivingClient } from './postgres-connections.ts'

/** BullMQ's own tables, in a schema of their own; safe to run again and from several processes. */
export const migrateQueue = async (databaseUrl: string): Promise<void> => {
  const client = new SurvivingClient({ connectionString: databaseUrl })
  await client.connect()
  try {
    await runMigrations(client)
  } finally {
    await client.end()
  }
}

/** True when BullMQ's tables are there and of a version that this program can use. */
export const isQueueMigrated = async (databaseUrl: string): Promise<boolean> => {
  const client = new SurvivingClient({ connectionString: databaseUrl })
  await client.connect()
  try {
    await assertSchemaCompatibility(client)
    return true
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return false
    throw error
  } finally {
    await client.end()
  }
}

const MIN_REDIS_VERSION = [6, 2] as const

/**
 * Looks at the Redis once. One that is too old is a `StartError`, and so is a queue that another database uses; one that may
 * evict jobs is worth a warning (Postgres makes good what is lost, at the price of a delay); one that is away will be back.
 */
export const checkRedis = async (
  url: string,
  queueName: string,
  installation: Installation,
  warn: (message: string) => void,
): Promise<void> => {
  const look = async (redis: Redis) => {
    checkServer(await redis.info(), warn)
    await enterQueue(redis, queueName, installation)
    const parked = await countParkedByFormerRelease(redis, queueName)
    if (parked > 0) warn(describeParked(parked, queueName))
  }
  await withRedis(url, look).catch((error: unknown) => {
    if (error instanceof StartError) throw error
    warn('Redis does not answer yet; generations wait in Postgres.')
  })
}

const checkServer = (info: string, warn: (message: string) => void): void => {
  const version = /redis_version:(\d+)\.(\d+)/.exec(info)
  const [major = 0, minor = 0] = version?.slice(1).map(Number) ?? []
  const [minMajor, minMinor] = MIN_REDIS_VERSION
  if (version && (major < minMajor || (major === minMajor && minor < minMinor))) {
    throw new StartError(`Redis 6.2 or later is needed, REDIS_URL is a ${major}.${minor}.`)
  }
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1]
  if (policy && policy !== 'noeviction') {
    warn(`Redis may evict jobs (maxmemory-policy ${policy}): set it to noeviction.`)
  }
}

const describeParked = (count: number, queueName: string): string =>
  `${count} requests wait in the queue ${queueName} of the release before, which does not say whose they are. If no other installation used it: run \`imageonce installation adopt\`.`
