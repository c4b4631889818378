import { createPostgresBackend, type Processor, Queue, Worker, type WorkerOptions, withBackend } from 'bullmq'
import { Redis } from 'ioredis'

/** Where BullMQ keeps its jobs. */
export type QueueBackend = { kind: 'redis' | 'postgres'; url: string }

export type JobData = { generationId: string }
type OpenQueue = Pick<Queue<JobData>, 'add' | 'getJob' | 'remove' | 'getJobCounts' | 'on' | 'close'>
type OpenWorker = Pick<Worker<JobData>, 'on' | 'close' | 'run' | 'isRunning'>

/**
 * A producer's side fails fast, since a person waits and the row is safe in Postgres: without these an `add`
 * hangs on a dead or frozen Redis and lands later as a phantom.
 */
const producerRedis = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 1,
  commandTimeout: 800,
  connectTimeout: 2_000,
}

/** A consumer waits for Redis as long as it takes. */
const consumerRedis = { maxRetriesPerRequest: null, connectTimeout: 5_000 }

const producerPostgres = { max: 4, connectionTimeoutMillis: 2_000, query_timeout: 5_000 }
const consumerPostgres = { max: 5, connectionTimeoutMillis: 5_000 }

/** Opens the producer's side; release with `close`. */
export const openQueue = (
  backend: QueueBackend,
  name: string,
): { queue: OpenQueue; close: () => Promise<void> } => {
  if (backend.kind === 'postgres') {
    const connection = { connectionString: backend.url, ...producerPostgres }
    const { Queue: PostgresQueue } = withBackend(createPostgresBackend)
    const queue = new PostgresQueue<JobData>(name, { connection })
    return { queue: queue as unknown as OpenQueue, close: () => queue.close() }
  }
  const connection = new Redis(backend.url, producerRedis)
  const queue = new Queue<JobData>(name, { connection, skipWaitingForReady: true })
  const close = async () => {
    await queue.close()
    connection.disconnect()
  }
  return { queue, close }
}

/** Opens the consumer's side, not yet running; release with `close`. */
export const openWorker = (
  backend: QueueBackend,
  name: string,
  processor: Processor<JobData, string>,
  options: Omit<WorkerOptions, 'connection'>,
): { worker: OpenWorker; close: (force?: boolean) => Promise<void> } => {
  if (backend.kind === 'postgres') {
    const connection = { connectionString: backend.url, ...consumerPostgres }
    const { Worker: PostgresWorker } = withBackend(createPostgresBackend)
    const worker = new PostgresWorker<JobData, string>(name, processor, { ...options, connection })
    return { worker: worker as unknown as OpenWorker, close: (force) => worker.close(force) }
  }
  const connection = new Redis(backend.url, consumerRedis)
  const worker = new Worker<JobData, string>(name, processor, { ...options, connection })
  const close = async (force?: boolean) => {
    await worker.close(force)
    connection.disconnect()
  }
  return { worker, close }
}
