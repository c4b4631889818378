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

/**
 * Throws `StartError` when the queue is another database's, and warns of what waits in that of the release before. A Redis that
 * is away will be back, and is asked again when the queue is entered.
 */
export const checkInstallation = async (
  url: string,
  queueName: string,
  installation: Installation,
  warn: (message: string) => void,
): Promise<void> => {
  const look = async (redis: Redis) => {
    await enterQueue(redis, queueName, installation)
    const parked = await countParkedByFormerRelease(redis, queueName)
    if (parked > 0) warn(describeParked(parked, queueName))
  }
  await withRedis(url, look).catch((error: unknown) => {
    if (error instanceof StartError) throw error
  })
}

const describeParked = (count: number, queueName: string): string =>
  `${count} requests wait in the queue ${queueName} of the release before, which does not say whose they are. If no other installation used it: run \`imageonce installation adopt\`.`
