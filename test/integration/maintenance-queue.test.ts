import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import type { QueueBackend } from '../../src/adapters/queue/backend.ts'
import {
  createMaintenanceQueue,
  type MaintenanceTask,
} from '../../src/adapters/queue/maintenance-queue.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { describeBothBackends } from '../support/each-backend.ts'
import { startPostgresProxy } from '../support/postgres-proxy.ts'
import { findOnPath } from '../support/programs.ts'
import { describeWhen } from '../support/skip.ts'
import { startRedisServer } from '../support/test-redis.ts'
import { waitFor } from '../support/wait-for.ts'

const findInstallation = async () => ({ id: '0123456789abcdef', home: 'a database' })

const HOUR_MS = 60 * 60_000

/** A task that counts its runs. */
const createCounter = (everyMs = HOUR_MS, name = 'count') => {
  let runs = 0
  const task: MaintenanceTask = {
    name,
    everyMs,
    run: async () => {
      runs++
      return {}
    },
  }
  const waitForRuns = (count: number) => waitFor(() => runs >= count, { what: `${count} runs` })
  return { task, waitForRuns, count: () => runs }
}

type UpkeepQueue = ReturnType<typeof createMaintenanceQueue>

let opened: UpkeepQueue[] = []
let errors: Error[] = []
let name: string

beforeEach(() => {
  name = `test-${randomUUID()}`
})
afterEach(async () => {
  await stopAll()
  errors = []
})

const stopAll = async () => {
  await Promise.all(opened.map((queue) => queue.stop(1_000)))
  opened = []
}

const open = (backend: QueueBackend, tasks: MaintenanceTask[]): UpkeepQueue => {
  const onError = (error: Error) => void errors.push(error)
  const fast = { scheduleEveryMs: 0, retryMs: 20 }
  const queue = createMaintenanceQueue({ backend, name, tasks, onError, ...fast })
  opened.push(queue)
  return queue
}

const scheduleSoon = (queue: UpkeepQueue) =>
  waitFor(() => queue.schedule().then(() => true), { what: 'the schedule' })

describeBothBackends('upkeep by schedule', (kind) => {
  let database: TestDatabase
  let backend: QueueBackend

  beforeEach(async () => {
    database = await createTestDatabase()
    backend =
      kind === 'redis'
        ? { kind, url: process.env.TEST_REDIS_URL ?? '', findInstallation }
        : { kind, url: database.url }
  })
  afterEach(async () => {
    await stopAll()
    await database.drop()
  })

  test('a task is done at once by one of several workers, however often it is scheduled', async () => {
    const counter = createCounter()
    const queues = [1, 2, 3].map(() => open(backend, [counter.task]))
    for (const queue of queues) {
      queue.start()
      await scheduleSoon(queue)
    }
    await counter.waitForRuns(1)
    for (let round = 0; round < 5; round++) {
      await Promise.all(queues.map((queue) => queue.schedule()))
    }
    // A job that was added again would be taken before one that is added after it.
    const next = createCounter(HOUR_MS, 'next')
    const last = open(backend, [counter.task, next.task])
    last.start()
    await Promise.all(queues.map((queue) => queue.stop(1_000)))
    await scheduleSoon(last)
    await next.waitForRuns(1)
    expect(counter.count()).toBe(1)
  })

  test('a task that a worker with a fast clock put off is done all the same', async () => {
    const counter = createCounter()
    const fast = open(backend, [counter.task])
    const { now } = Date
    Date.now = () => now() + 3 * 24 * HOUR_MS
    try {
      await scheduleSoon(fast)
    } finally {
      Date.now = now
    }
    await fast.stop(1_000)
    const healthy = open(backend, [counter.task])
    healthy.start()
    await scheduleSoon(healthy)
    await counter.waitForRuns(1)
  })

  test('a task that is due at the start of a worker is done then, once for all that start', async () => {
    const counter = createCounter()
    const first = open(backend, [counter.task])
    first.start()
    await scheduleSoon(first)
    await counter.waitForRuns(1)
    // It would take the job before the second one that starts has asked for it.
    await first.stop(1_000)
    const task = { ...counter.task, isDueAtStart: true }
    const queues = [1, 2].map(() => open(backend, [task]))
    await Promise.all(queues.map(scheduleSoon))
    await Promise.all(queues.map((queue) => queue.schedule()))
    for (const queue of queues) queue.start()
    await counter.waitForRuns(2)
    // A job that was added again would be taken before one that is added after it.
    const next = createCounter(HOUR_MS, 'next')
    const last = open(backend, [counter.task, next.task])
    await Promise.all(queues.map((queue) => queue.stop(1_000)))
    await scheduleSoon(last)
    last.start()
    await next.waitForRuns(1)
    expect(counter.count()).toBe(2)
  })

  test('a task is done again and again, however many schedule it at once', async () => {
    const counter = createCounter(50)
    const queues = [1, 2, 3].map(() => open(backend, [counter.task]))
    for (const queue of queues) queue.start()
    for (let round = 0; round < 5; round++) {
      await Promise.all(queues.map(scheduleSoon))
      await counter.waitForRuns(counter.count() + 2)
    }
  })

  test('a task that fails is reported, and keeps neither itself nor others from the next time', async () => {
    const counter = createCounter(50, 'works')
    let failures = 0
    const failing: MaintenanceTask = {
      name: 'fails',
      everyMs: 50,
      run: async () => {
        failures++
        throw new Error('the store is away')
      },
    }
    const queue = open(backend, [failing, counter.task])
    queue.start()
    await scheduleSoon(queue)
    await waitFor(() => failures >= 3, { what: 'three failures' })
    await counter.waitForRuns(counter.count() + 1)
    expect(errors.map(({ message }) => message)).toContain('the store is away')
  })

  test('a stop cuts short what runs, and another worker does it', async () => {
    let begin = () => {}
    const begun = new Promise<void>((resolve) => {
      begin = resolve
    })
    const patient: MaintenanceTask = {
      name: 'long',
      everyMs: HOUR_MS,
      run: (signal) => {
        begin()
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
        })
      },
    }
    const queue = open(backend, [patient])
    queue.start()
    await scheduleSoon(queue)
    await begun
    await queue.stop(HOUR_MS)
    expect(errors).toEqual([])
    const counter = createCounter(HOUR_MS, 'long')
    open(backend, [counter.task]).start()
    await counter.waitForRuns(1)
  })
})

const program = findOnPath('redis-server')

describeWhen(program !== undefined, 'no redis-server on the PATH', 'upkeep without Redis', () => {
  let redis: Awaited<ReturnType<typeof startRedisServer>>
  let proxy: Awaited<ReturnType<typeof startPostgresProxy>>
  let backend: QueueBackend

  beforeEach(async () => {
    redis = await startRedisServer(program ?? '')
    proxy = await startPostgresProxy(redis.url)
    backend = { kind: 'redis', url: proxy.url, findInstallation }
  })
  afterEach(async () => {
    await stopAll()
    await proxy.close()
    await redis.stop()
  })

  test('starts while it is away, and works once it is there', async () => {
    proxy.cut()
    const counter = createCounter()
    const queue = open(backend, [counter.task])
    queue.start()
    await expect(queue.schedule()).rejects.toThrow('Redis does not answer')
    proxy.mend()
    await scheduleSoon(queue)
    await counter.waitForRuns(1)
  })

  test('stops while it is away', async () => {
    const counter = createCounter()
    const queue = open(backend, [counter.task])
    queue.start()
    await scheduleSoon(queue)
    await counter.waitForRuns(1)
    proxy.cut()
    await queue.stop(1_000)
  })

  test('is scheduled again when it has lost its data', async () => {
    const counter = createCounter()
    const queue = open(backend, [counter.task])
    queue.start()
    await scheduleSoon(queue)
    await counter.waitForRuns(1)
    const client = new Redis(redis.url)
    await client.flushall()
    client.disconnect()
    await scheduleSoon(queue)
    await counter.waitForRuns(2)
  })
})
