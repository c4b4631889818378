import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { findWorkers } from '../../src/features/operators/workers/find-workers.ts'
import { createHeartbeat } from '../../src/features/operators/workers/heartbeat.ts'
import { measureQueue } from '../../src/features/operators/workers/measure-queue.ts'
import { insertGeneration, openTestDatabase } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

let database: Awaited<ReturnType<typeof openTestDatabase>>
const started: ReturnType<typeof createHeartbeat>[] = []

beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
afterEach(async () => {
  await Promise.all(started.splice(0).map((heartbeat) => heartbeat.stop()))
  await database.db.deleteFrom('workers').execute()
})

const throwIt = (error: unknown) => {
  throw error
}

const startWorker = (id: string, countRunning = () => 0) => {
  const worker = { id, host: 'box', pid: 7, version: '1.2.3', concurrency: 8 }
  const heartbeat = createHeartbeat(database.db, worker, {
    countRunning,
    onError: throwIt,
    intervalMs: 10,
  })
  heartbeat.start()
  started.push(heartbeat)
  return heartbeat
}

const waitForWorkers = (count: number) =>
  waitFor(
    async () => {
      const workers = await findWorkers(database.db)
      return workers.length === count && workers
    },
    { what: `${count} workers` },
  )

const setSeen = (id: string, ago: string) =>
  database.db
    .updateTable('workers')
    .set({ seenAt: sql<Date>`now() - ${ago}::interval` })
    .where('id', '=', id)
    .execute()

test('a worker is listed while it runs, and no longer', async () => {
  const heartbeat = startWorker('one')
  await waitForWorkers(1)
  startWorker('two')
  const [one] = await waitForWorkers(2)
  expect(one).toEqual({
    id: 'one',
    host: 'box',
    pid: 7,
    version: '1.2.3',
    concurrency: 8,
    running: 0,
    breaker: 'closed',
    startedAt: expect.stringMatching(/Z$/),
    seenAt: expect.stringMatching(/Z$/),
    isAlive: true,
  })
  await heartbeat.stop()
  expect((await findWorkers(database.db)).map(({ id }) => id)).toEqual(['two'])
})

test('it tells what it runs, and that it does not call the provider', async () => {
  let running = 1
  const heartbeat = startWorker('one', () => running)
  heartbeat.setBreakerOpen(true)
  const find = async () => (await findWorkers(database.db))[0]
  await waitFor(async () => (await find())?.running === 1, { what: 'the count' })
  expect((await find())?.breaker).toBe('open')
  heartbeat.setBreakerOpen(false)
  running = 0
  await waitFor(async () => (await find())?.running === 0, { what: 'the count to fall' })
  expect((await find())?.breaker).toBe('closed')
})

test('one that died is not alive after three heartbeats, and forgotten after an hour', async () => {
  for (const id of ['late', 'dead', 'gone']) {
    const worker = { id, host: 'box', pid: 7, version: '1', concurrency: 8, running: 0 }
    await database.db
      .insertInto('workers')
      .values({ ...worker, breaker: 'closed' })
      .execute()
  }
  await setSeen('late', '12 seconds')
  await setSeen('dead', '16 seconds')
  await setSeen('gone', '61 minutes')
  startWorker('one')
  const workers = await waitFor(
    async () => {
      const found = await findWorkers(database.db)
      return found.every(({ id }) => id !== 'gone') && found
    },
    { what: 'the oldest to be forgotten' },
  )
  const alive = Object.fromEntries(workers.map(({ id, isAlive }) => [id, isAlive]))
  expect(alive).toEqual({ one: true, late: true, dead: false })
  expect(workers.at(-1)?.id).toBe('dead')
})

test('a lane has what waits, what runs and what is put off, and the age of what could run', async () => {
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000)
  await insertGeneration(database.db, { queuedAt: ago(60) })
  await insertGeneration(database.db, { queuedAt: ago(600), runAfter: ago(30) })
  await insertGeneration(database.db, { queuedAt: ago(900), runAfter: ago(-60) })
  await insertGeneration(database.db, { queuedAt: ago(900), status: 'running' })
  await insertGeneration(database.db, { queuedAt: ago(900), status: 'failed' })
  const [interactive, eager] = await measureQueue(database.db)
  expect(interactive).toMatchObject({ lane: 'interactive', queued: 2, running: 1, delayed: 1 })
  expect(interactive?.oldestQueuedMs).toBeGreaterThanOrEqual(59_000)
  // That of the next one would be ten times as much.
  expect(interactive?.oldestQueuedMs).toBeLessThan(600_000)
  expect(eager).toEqual({
    lane: 'eager',
    queued: 0,
    running: 0,
    delayed: 0,
    oldestQueuedAt: null,
    oldestQueuedMs: 0,
  })
})
