import { createPostgresBackend, Queue, type QueueOptions, withBackend } from 'bullmq'
import { Redis } from 'ioredis'
import { waitAtMost } from '../../lib/time.ts'
import { CLOSE_MS, type JobData, type QueueBackend, SILENCE_MS } from './backend.ts'
import { enterQueue } from './enter-queue.ts'
import { createQueuePool } from './postgres-connections.ts'

export type OpenQueue = Pick<
  Queue<JobData>,
  | 'add'
  | 'addBulk'
  | 'getJob'
  | 'getJobs'
  | 'remove'
  | 'getJobCounts'
  | 'getRanges'
  | 'getJobScheduler'
  | 'removeJobScheduler'
  | 'setGlobalConcurrency'
  | 'removeGlobalConcurrency'
  | 'toKey'
  | 'upsertJobScheduler'
>

/** Those among these job IDs that the queue does not have, asked for at once. */
export type FindJobless = (ids: readonly string[]) => Promise<string[]>

/** How long a producer waits for its store. */
export const PRODUCER_TIMEOUT_MS: Record<QueueBackend['kind'], number> = {
  redis: 700,
  postgres: 5_000,
}

/**
 * A producer's side fails fast, since a person waits and the row is safe in Postgres: without these an `add`
 * hangs on a dead or frozen Redis and lands later as a phantom.
 */
const producerRedis = {
  enableOfflineQueue: false,
  enableAutoPipelining: true,
  maxRetriesPerRequest: 1,
  commandTimeout: PRODUCER_TIMEOUT_MS.redis,
  connectTimeout: 2_000,
  disconnectTimeout: 100,
  socketTimeout: SILENCE_MS,
}

export const producerPostgres = {
  max: 3,
  connectionTimeoutMillis: 2_000,
  query_timeout: PRODUCER_TIMEOUT_MS.postgres,
}
/**
 * The producer's side. `get` gives the queue, or rejects at once while its store is away: a BullMQ queue that was
 * made then stays broken, so it is made when the store first answers. Release with `close`.
 */
export const openQueue = (
  backend: QueueBackend,
  name: string,
  onError: (error: Error) => void,
  telemetry?: QueueOptions['telemetry'],
): {
  get: () => Promise<OpenQueue>
  /** Says again whose queue it is: a Redis that lost its data has forgotten. Throws `StartError` when it is another's. */
  claim: () => Promise<void>
  findJobless: FindJobless
  close: () => Promise<void>
} => {
  const options = telemetry && { telemetry }
  return backend.kind === 'redis'
    ? openRedisQueue(backend, name, onError, options)
    : openPostgresQueue(backend.url, name, onError, options)
}

type OwnOptions = Pick<QueueOptions, 'telemetry'> | undefined

const openRedisQueue = (
  { url, findInstallation }: QueueBackend & { kind: 'redis' },
  name: string,
  onError: (error: Error) => void,
  options: OwnOptions,
) => {
  const connection = new Redis(url, producerRedis)
  connection.on('error', onError)
  const enter = async () => {
    // Asked whether Redis is there or not: when it comes, Postgres may be away.
    const installation = await findInstallation()
    if (connection.status !== 'ready') throw new Error('Redis does not answer')
    return enterQueue(connection, name, installation)
  }
  const queue = keepOnceReady(async () => {
    const prefix = await enter()
    return new Queue<JobData>(name, { ...options, prefix, connection, skipWaitingForReady: true })
  }, onError)
  const close = async () => {
    await waitAtMost(queue.close(), CLOSE_MS)
    connection.disconnect()
  }
  const claim = async () => void (await enter())
  const findJobless: FindJobless = async (ids) => {
    const { toKey } = await queue.get()
    const keys = ids.map(toKey)
    if (keys.length === 0 || (await connection.exists(...keys)) === keys.length) return []
    const counts = await Promise.all(keys.map((key) => connection.exists(key)))
    return ids.filter((_, index) => counts[index] === 0)
  }
  return { get: queue.get, claim, findJobless, close }
}

const openPostgresQueue = (
  url: string,
  name: string,
  onError: (error: Error) => void,
  options: OwnOptions,
) => {
  const { connection, end } = createQueuePool(url, producerPostgres)
  const { Queue: PostgresQueue } = withBackend(createPostgresBackend)
  const queue = keepOnceReady(
    async () =>
      new PostgresQueue<JobData>(name, { ...options, connection }) as unknown as Queue<JobData>,
    onError,
  )
  const close = async () => {
    await queue.close()
    await end()
  }
  const findJobless: FindJobless = async (ids) => {
    await queue.get()
    const { rows } = await connection.query<{ id: string }>(
      'select one.id from unnest($2::text[]) as one (id) where not exists (select from job where queue = $1 and job.id = one.id)',
      [name, ids],
    )
    return rows.map(({ id }) => id)
  }
  // Who has the database has the queue.
  return { get: queue.get, claim: async () => {}, findJobless, close }
}

const keepOnceReady = (make: () => Promise<Queue<JobData>>, onError: (error: Error) => void) => {
  let kept: Promise<Queue<JobData>> | undefined

  const open = async () => {
    const queue = await make()
    queue.on('error', onError)
    try {
      await queue.waitUntilReady()
      return queue
    } catch (error) {
      await queue.close().catch(onError)
      throw error
    }
  }
  const get = (): Promise<OpenQueue> => {
    kept ??= open().catch((error: unknown) => {
      kept = undefined
      throw error
    })
    return kept
  }
  const close = async () => {
    const queue = await kept?.catch(() => undefined)
    await queue?.close()
  }
  return { get, close }
}
