import { Redis } from 'ioredis'
import type { Installation } from '../../../db/installation.ts'
import { AppError, StartError } from '../../lib/errors.ts'

/**
 * Where BullMQ keeps an installation's jobs: under its own id, so that two with one Redis and one `QUEUE_NAME` never meet. Begins
 * as BullMQ's own prefix does, which is what a Redis may allow its users.
 */
export const prefixOf = ({ id }: Pick<Installation, 'id'>): string => `bull:${id}`

/**
 * The prefix of a queue, once it is known that no other database with the same id uses it: a copy has its original's. The first
 * that enters keeps it; said again at each entry, as a Redis may lose its data. Throws `StartError` for the second one.
 */
export const enterQueue = async (
  redis: Pick<Redis, 'setnx' | 'get'>,
  name: string,
  installation: Installation,
): Promise<string> => {
  await redis.setnx(homeKeyOf(installation, name), installation.home)
  const holder = await redis.get(homeKeyOf(installation, name))
  if (holder !== null && holder !== installation.home) throw foreignQueue(name, installation)
  return prefixOf(installation)
}

/** The database that uses a queue; null where none has. */
export const findHolder = (
  redis: Pick<Redis, 'get'>,
  name: string,
  installation: Installation,
): Promise<string | null> => redis.get(homeKeyOf(installation, name))

/** Makes a queue this database's, whoever had it. */
export const takeQueue = async (
  redis: Pick<Redis, 'set'>,
  name: string,
  installation: Installation,
): Promise<void> => {
  await redis.set(homeKeyOf(installation, name), installation.home)
}

/** Uses a Redis for once. Throws `AppError` `unavailable`, soon, where it does not answer. */
export const withRedis = async <T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
  })
  redis.on('error', () => {})
  try {
    await redis.connect().catch((cause: unknown) => {
      throw new AppError('unavailable', 'Redis does not answer.', { retryable: true, cause })
    })
    return await use(redis)
  } finally {
    redis.disconnect()
  }
}

const homeKeyOf = (installation: Installation, name: string): string =>
  `${prefixOf(installation)}:${name}:database`

const foreignQueue = (name: string, { id }: Installation) =>
  new StartError(
    [
      `The queue ${name} of installation ${id} in this Redis is another database's: DATABASE_URL is a copy of it, or was restored from it.`,
      'If it is a copy, for staging perhaps: run `imageonce installation renew`, or set another QUEUE_NAME or REDIS_URL.',
      'If the other database is gone and this one takes its place: run `imageonce installation keep`.',
    ].join('\n'),
  )
