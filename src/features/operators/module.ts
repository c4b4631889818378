import type { HttpContext } from '../../adapters/http/http-context.ts'
import type { Config } from '../../app/config.ts'
import type { Shared } from '../../app/resources.ts'
import { findWorkers } from './workers/find-workers.ts'
import { measureQueue } from './workers/measure-queue.ts'

/** What the routes for operators work with. */
export const createOperators = (
  { database, queue, settings }: Config,
  { db }: Pick<Shared, 'db'>,
): HttpContext['operators'] => ({
  settings,
  parts: {
    database: database.isEmbedded ? 'embedded' : 'postgres',
    queue: queue.redisUrl ? 'redis' : 'postgres',
  },
  findWorkers: () => findWorkers(db),
  measureQueue: () => measureQueue(db),
})
