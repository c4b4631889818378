import {
  createPostgresBackend,
  type Processor,
  Queue,
  Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq'
import { Redis } from 'ioredis'
import type { ParkedRequest } from '../generation/park.ts'
import { waitAtMost } from '../time.ts'

/** Where BullMQ keeps its jobs. */
export type QueueBackend = { kind: 'redis' | 'postgres'; url: string }

/** A job of the upkeep has a name and no data. */
export type JobData = {
  generationId: string
  /** Of a request that came while Postgres was away: what its row is to be. */
  parked?: ParkedRequest
}

type OpenQueue = Pick<
  Queue<JobData>,
  | 'add'
  | 'addBulk'
  | 'getJob'
  | 'remove'
  | 'getJobCounts'
  | 'rateLimit'
  | 'setGlobalConcurrency'
  | 'removeGlobalConcurrency'
  | 'upsertJobScheduler'
>
type CloseWorker = (graceMs: number, whenIdle: () => Promise<unknown>) => Promise<void>
type OpenWorker = Pick<Worker<JobData>, 'on' | 'run'>

/**
 * A connection on which a command has been unanswered for this long is made anew: its other end may be gone without a
 * word, and the system would wait for a quarter of an hour.
 */
const SILENCE_MS = 4_000

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

/** A consumer waits for Redis as long as it takes. */
const consumerRedis = {
  maxRetriesPerRequest: null,
  connectTimeout: 5_000,
  disconnectTimeout: 100,
  socketTimeout: SILENCE_MS,
}

/** BullMQ's own closing waits for a Redis that is away. */
const CLOSE_MS = 2_000

const ANSWER_MS = 1_000

/** How soon a queue that was away is tried again; BullMQ's own 15 s would idle that long after each blink. */
const RECONNECT_MS = 1_000

/** How long an idle worker's read blocks; a worker that stops while Redis is away keeps a timer as long. */
const IDLE_READ_SECONDS = 3

const producerPostgres = {
  max: 4,
  connectionTimeoutMillis: 2_000,
  query_timeout: PRODUCER_TIMEOUT_MS.postgres,
}
const consumerPostgres = { max: 5, connectionTimeoutMillis: 5_000, query_timeout: 10_000 }

/**
 * The producer's side. `get` gives the queue, or rejects at once while its store is away: a BullMQ queue that was
 * made then stays broken, so it is made when the store first answers. Release with `close`.
 */
export const openQueue = (
  backend: QueueBackend,
  name: string,
  onError: (error: Error) => void,
): { get: () => Promise<OpenQueue>; close: () => Promise<void> } =>
  backend.kind === 'redis'
    ? openRedisQueue(backend.url, name, onError)
    : openPostgresQueue(backend.url, name, onError)

const openRedisQueue = (url: string, name: string, onError: (error: Error) => void) => {
  const connection = new Redis(url, producerRedis)
  connection.on('error', onError)
  const queue = keepOnceReady(() => {
    if (connection.status !== 'ready') throw new Error('Redis does not answer')
    return new Queue<JobData>(name, { connection, skipWaitingForReady: true })
  }, onError)
  const close = async () => {
    await waitAtMost(queue.close(), CLOSE_MS)
    connection.disconnect()
  }
  return { get: queue.get, close }
}

const openPostgresQueue = (url: string, name: string, onError: (error: Error) => void) => {
  const connection = { connectionString: url, ...producerPostgres }
  const { Queue: PostgresQueue } = withBackend(createPostgresBackend)
  return keepOnceReady(
    () => new PostgresQueue<JobData>(name, { connection }) as unknown as Queue<JobData>,
    onError,
  )
}

const keepOnceReady = (make: () => Queue<JobData>, onError: (error: Error) => void) => {
  let kept: Promise<Queue<JobData>> | undefined

  const open = async () => {
    const queue = make()
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

/** Opens the consumer's side, not yet running; `close` waits for the jobs it has, but no longer than told. */
export const openWorker = (
  backend: QueueBackend,
  name: string,
  processor: Processor<JobData, string>,
  ownOptions: Omit<WorkerOptions, 'connection'>,
): { worker: OpenWorker; close: CloseWorker } => {
  const patience = { runRetryDelay: RECONNECT_MS, drainDelay: IDLE_READ_SECONDS }
  const options = { autorun: false, ...patience, ...ownOptions }
  if (backend.kind === 'postgres') {
    const connection = { connectionString: backend.url, ...consumerPostgres }
    const { Worker: PostgresWorker } = withBackend(createPostgresBackend)
    const worker = new PostgresWorker<JobData, string>(name, processor, { ...options, connection })
    const close: CloseWorker = (graceMs) => waitAtMost(worker.close(), graceMs)
    return { worker: worker as unknown as OpenWorker, close }
  }
  const { connection, disconnectAll } = connectTraceably(backend.url)
  const worker = new Worker<JobData, string>(name, processor, { ...options, connection })
  const close: CloseWorker = async (graceMs, whenIdle) => {
    if (await isAnswering(connection)) await waitAtMost(worker.close(), graceMs)
    else {
      // An orderly close would wait for Redis and keep its timers; no new job can come meanwhile.
      await waitAtMost(whenIdle(), graceMs)
      await waitAtMost(worker.close(true), CLOSE_MS)
    }
    disconnectAll()
  }
  return { worker, close }
}

/** BullMQ watches over its reads, and not over the greeting of a new connection, which may never be answered. */
const insistOnReadiness = (connection: Redis): void => {
  let timer: NodeJS.Timeout | undefined
  connection.on('connect', () => {
    timer = setTimeout(() => connection.disconnect(true), SILENCE_MS)
  })
  for (const event of ['ready', 'close']) connection.on(event, () => clearTimeout(timer))
}

/** Asked, as a connection that was cut a moment ago still counts as ready; an orderly close would never end then. */
const isAnswering = async (connection: Redis): Promise<boolean> => {
  if (connection.status !== 'ready') return false
  let isAnswered = false
  const onAnswer = () => {
    isAnswered = true
  }
  await waitAtMost(
    connection.ping().then(onAnswer, () => {}),
    ANSWER_MS,
  )
  return isAnswered
}

/** BullMQ duplicates the connection for its blocking reads, and never lets go of it while Redis is away. */
const connectTraceably = (url: string) => {
  const connection = new Redis(url, consumerRedis)
  const connections = [connection]
  const duplicate = connection.duplicate.bind(connection)
  connection.duplicate = (override, ...rest) => {
    // Its reads block for longer, and BullMQ watches over them itself.
    const copy = duplicate({ ...override, socketTimeout: undefined }, ...rest)
    insistOnReadiness(copy)
    connections.push(copy)
    return copy
  }
  const disconnectAll = () => {
    for (const each of connections) each.disconnect()
  }
  return { connection, disconnectAll }
}
