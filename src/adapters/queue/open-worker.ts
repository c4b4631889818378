import { setTimeout as delay } from 'node:timers/promises'
import {
  createPostgresBackend,
  type Processor,
  Worker,
  type WorkerOptions,
  withBackend,
} from 'bullmq'
import { Redis } from 'ioredis'
import { waitAtMost } from '../../lib/time.ts'
import { CLOSE_MS, type JobData, type QueueBackend, SILENCE_MS } from './backend.ts'
import { enterQueue } from './enter-queue.ts'
import { createQueuePool } from './postgres-connections.ts'

type CloseWorker = (graceMs: number, whenIdle: () => Promise<unknown>) => Promise<void>
type OpenWorker = Pick<Worker<JobData>, 'on' | 'run'>

/** A consumer waits for Redis as long as it takes. */
const consumerRedis = {
  maxRetriesPerRequest: null,
  connectTimeout: 5_000,
  disconnectTimeout: 100,
  socketTimeout: SILENCE_MS,
}

/** One of them listens, and two keep up with far more jobs than a model makes images. */
const consumerPostgres = {
  max: 3,
  connectionTimeoutMillis: 5_000,
  query_timeout: 10_000,
}

const ANSWER_MS = 1_000

/** How soon a queue that was away is tried again; BullMQ's own 15 s would idle that long after each short outage. */
const RECONNECT_MS = 1_000

/** How long an idle worker's read blocks; a worker that stops while Redis is away keeps a timer as long. */
const IDLE_READ_SECONDS = 3

type OwnOptions = Omit<WorkerOptions, 'connection' | 'prefix'> & {
  onError: (error: Error) => void
  /** Called with the worker before it runs. */
  onOpen?: (worker: Pick<Worker<JobData>, 'on'>) => void
}

/**
 * The consumer's side. `start` rejects nothing: BullMQ reconnects by itself and reports through `onError`. `close` waits for the
 * jobs it has, but no longer than it is given.
 */
export const openWorker = (
  backend: QueueBackend,
  name: string,
  processor: Processor<JobData, string>,
  { onError, onOpen, ...ownOptions }: OwnOptions,
): { start: () => void; close: CloseWorker } => {
  const patience = { runRetryDelay: RECONNECT_MS, drainDelay: IDLE_READ_SECONDS }
  const options = { autorun: false, ...patience, ...ownOptions }
  const run = (worker: OpenWorker) => {
    worker.on('error', onError)
    onOpen?.(worker)
    worker.run().catch(onError)
  }
  if (backend.kind === 'redis')
    return openRedisWorker(backend, name, processor, options, run, onError)
  const { connection, end } = createQueuePool(backend.url, consumerPostgres)
  const { Worker: PostgresWorker } = withBackend(createPostgresBackend)
  const worker = new PostgresWorker<JobData, string>(name, processor, { ...options, connection })
  return {
    start: () => run(worker as unknown as OpenWorker),
    close: async (graceMs, whenIdle) => {
      await waitAtMost(closeSoonAfter(worker.close(), whenIdle()), graceMs)
      await end()
    },
  }
}

/** Takes no job before it is known whose queue it is. */
const openRedisWorker = (
  { url, findInstallation }: QueueBackend & { kind: 'redis' },
  name: string,
  processor: Processor<JobData, string>,
  options: Omit<WorkerOptions, 'connection'>,
  run: (worker: OpenWorker) => void,
  onError: (error: Error) => void,
) => {
  const { connection, disconnectAll } = connectTraceably(url)
  connection.on('error', onError)
  let worker: LettingGoWorker | undefined
  let isClosed = false

  const open = async () => {
    while (!isClosed && !worker) {
      try {
        const prefix = await enterQueue(connection, name, await findInstallation())
        if (isClosed) return
        worker = new LettingGoWorker(name, processor, { ...options, prefix, connection })
        run(worker)
      } catch (error) {
        if (!isClosed) onError(error as Error)
        await delay(RECONNECT_MS, undefined, { ref: false })
      }
    }
  }
  const close: CloseWorker = async (graceMs, whenIdle) => {
    isClosed = true
    if (worker) await closeWorker(worker, connection, graceMs, whenIdle)
    disconnectAll()
  }
  return { start: () => void open(), close }
}

const closeWorker = async (
  worker: LettingGoWorker,
  connection: Redis,
  graceMs: number,
  whenIdle: () => Promise<unknown>,
): Promise<void> => {
  if (await isAnswering(connection)) {
    await waitAtMost(closeSoonAfter(worker.close(), whenIdle()), graceMs)
  } else {
    // An orderly close would wait for Redis and keep its timers; no new job can come meanwhile.
    await waitAtMost(whenIdle(), graceMs)
    await waitAtMost(worker.close(true), CLOSE_MS)
  }
  await worker.letGo()
}

/** An orderly close, which is not waited for for long once the jobs have ended: a store that has gone meanwhile keeps it from it. */
const closeSoonAfter = (closing: Promise<void>, idle: Promise<unknown>): Promise<unknown> =>
  Promise.race([closing, idle.then(() => waitAtMost(closing, CLOSE_WHEN_IDLE_MS))])

const CLOSE_WHEN_IDLE_MS = 10_000

class LettingGoWorker extends Worker<JobData, string> {
  /** Ends the watch over locks, which goes on for ever where Redis leaves in the middle of an orderly close. */
  letGo(): Promise<void> {
    return this.lockManager.close()
  }
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
