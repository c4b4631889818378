import type { Database } from '../../db/database.ts'
import {
  type Installation,
  readInstallation,
  renewInstallation,
  withDatabaseAt,
} from '../../db/installation.ts'
import { findHolder, takeQueue, withRedis } from '../adapters/queue/enter-queue.ts'
import {
  countParkedByFormerRelease,
  takeParkedOfFormerRelease,
} from '../adapters/queue/former-queue.ts'
import { queueNamesOf } from '../adapters/queue/maintenance-queue.ts'
import type { Config } from '../app/config.ts'
import { requireDatabase } from '../app/resources.ts'
import { insertDeferred } from '../generation/submit/deferred-submission.ts'
import { AppError, StartError } from '../lib/errors.ts'

type Use = (
  db: Database,
  redis: Parameters<Parameters<typeof withRedis>[1]>[0],
  installation: Installation,
) => Promise<void>

/** Prints whose queue this database's is, and what waits in that of the release before. */
export const showInstallation = (config: Config): Promise<void> =>
  withStores(config, async (_db, redis, installation) => {
    const { name } = config.queue
    const holder = await findHolder(redis, name, installation)
    const users = { null: 'nobody yet', [installation.home]: 'this database' }
    printFacts({
      installation: installation.id,
      database: installation.home,
      queue: name,
      'used by': users[`${holder}`] ?? `another database, ${holder}`,
      'parked by the release before': `${await countParkedByFormerRelease(redis, name)}`,
    })
  })

/** Gives a copy of a database an identity of its own; what waits in its original's queue stays there. */
export const renew = (config: Config): Promise<void> =>
  withDatabaseAt(requireDatabase(config.database).directUrl, async (db) => {
    const former = await readInstallation(db)
    const { id } = await renewInstallation(db)
    console.log(`Installation ${id}, before ${former.id}. Start what runs on this database again.`)
  })

/** Makes the queue this database's, whichever copy of it had it. */
export const keep = (config: Config): Promise<void> =>
  withStores(config, async (_db, redis, installation) => {
    for (const name of queueNamesOf(config.queue.name)) await takeQueue(redis, name, installation)
    console.log(
      `The queue ${config.queue.name} of installation ${installation.id} is this database's.`,
    )
  })

/** Makes rows of the requests that wait in the former queue, and takes them out of it. */
export const adopt = (config: Config): Promise<void> =>
  withStores(config, async (db, redis) => {
    const count = await takeParkedOfFormerRelease(redis, config.queue.name, (parked) =>
      insertDeferred(db, parked, config.limits.giveUpMs),
    )
    console.log(`Taken over: ${count}. The workers will make them.`)
  })

const withStores = async (config: Config, use: Use): Promise<void> => {
  const { redisUrl } = config.queue
  if (!redisUrl) {
    throw new StartError('REDIS_URL is not set: the queue is in this database, and nobody else’s.')
  }
  await withDatabaseAt(requireDatabase(config.database).directUrl, async (db) => {
    const installation = await readInstallation(db)
    await withRedis(redisUrl, (redis) => use(db, redis, installation)).catch((error: unknown) => {
      throw error instanceof AppError ? new StartError(`REDIS_URL: ${error.message}`) : error
    })
  })
}

const printFacts = (facts: Record<string, string>): void => {
  const width = Math.max(...Object.keys(facts).map((name) => name.length))
  for (const [name, fact] of Object.entries(facts)) console.log(`${name.padEnd(width)}  ${fact}`)
}
