import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { sql } from 'kysely'
import { cancelAllQueuedOrRunning } from '../../src/generation/state/interventions.ts'
import { AppError } from '../../src/lib/errors.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Client, createClient } from '../support/client.ts'
import { openStream } from '../support/event-stream.ts'
import { createHolds } from '../support/held.ts'
import { scrape } from '../support/metrics.ts'
import { countLockWaits } from '../support/rows.ts'
import { waitFor } from '../support/wait-for.ts'

let app: TestApp
let alice: Client
let holds: ReturnType<typeof createHolds>
const sockets: Socket[] = []

beforeAll(async () => {
  app = await startTestApp({ env: { WORKER_CONCURRENCY: '1', SWEEP_INTERVAL_MS: '60000' } })
  alice = await createClient(app)
  holds = createHolds(app.gemini)
})
afterAll(() => app.stop())
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  return holds.release()
})

const connectToApp = (): Socket => {
  const socket = connect(Number(new URL(app.url).port))
  sockets.push(socket)
  return socket
}

const follow = (id: string) =>
  openStream(`${app.url}/api/generations/${id}/events`, { authorization: alice.authorization })

const READERS_EACH = 15

const countStreams = async () => (await scrape(app.url)).get('imageonce_event_streams_open')

/** That the API has sent to Postgres so far. */
const countStatements = async (): Promise<number> => {
  const samples = [...(await scrape(app.url))]
  return samples
    .filter(([name]) => name.startsWith('imageonce_database_query_duration_seconds_count'))
    .reduce((sum, [, count]) => sum + count, 0)
}

/** Connections of the server, one for each request that waits. */
const POOL_SIZE = 10

test('a reader that hangs up leaves nothing behind', async () => {
  const held = await holds.start(alice, 'a geyser')
  const before = countTimers()
  const streams = await Promise.all(Array.from({ length: 50 }, () => follow(held.id)))
  await waitFor(async () => (await countStreams()) === 50, { what: 'the readers to be there' })
  for (const stream of streams) stream.close()
  await waitFor(async () => (await countStreams()) === 0, { what: 'the readers to be gone' })
  await expectFewTimers(before)
})

test('readers share a statement for what they are told, and a timer', async () => {
  await holds.start(alice, 'a geyser before all others')
  const ids = await Promise.all(
    Array.from({ length: 10 }, async (_, n) => {
      const { body } = await alice.generate({ prompt: `one geyser of ten, ${n}` })
      return body.id
    }),
  )
  const before = countTimers()
  const streams = await Promise.all(
    ids.flatMap((id) => Array.from({ length: READERS_EACH }, () => follow(id))),
  )
  const hasAll = (count: number) => streams.every(({ events }) => events.length === count)
  await waitFor(() => hasAll(1), { what: 'the snapshots' })
  await expectFewTimers(before)
  const asked = await countStatements()
  await cancelAllQueuedOrRunning(app.db, ids, new AppError('canceled', 'Canceled.'))
  const ended = await Promise.all(streams.map(({ ended }) => ended))
  expect(ended.map((events) => events.at(-1)?.event)).toEqual(
    streams.map(() => 'generation.canceled'),
  )
  expect((await countStatements()) - asked).toBeLessThanOrEqual(streams.length / 10)
})

test('a reader that hangs up before the answer leaves nothing behind', async () => {
  const { id } = await holds.start(alice, 'a dry geyser')
  const before = countTimers()
  const readers = Array.from({ length: 50 }, connectToApp)
  await whileReadersWait(async () => {
    for (const socket of readers) socket.write(formatRequest(`/api/generations/${id}/events`))
    return async () => {
      for (const socket of readers) socket.destroy()
      await Promise.all(readers.map((socket) => once(socket, 'close')))
    }
  })
  await expectFewTimers(before)
})

// What beats on would sooner or later write after the end, and an error of a response ends the process.
test('a stream that has ended is at rest, also while an earlier answer on its connection is due', async () => {
  const { body: finished } = await alice.generateAndWait({ prompt: 'a spring' })
  const held = await holds.start(alice, 'a spring to come')
  const before = countTimers()
  const socket = connectToApp()
  const wait = formatRequest(`/api/generations/${held.id}`, 'Prefer: wait=30\r\n')
  const events = formatRequest(`/api/generations/${finished.id}/events`)
  await whileReadersWait(async () => {
    socket.write(wait + events.repeat(50))
    return async () => {}
  })
  await expectFewTimers(before)
  held.open()
  const answers = await readUntil(socket, /(generation\.succeeded[\s\S]*?){50}/)
  expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(51)
  socket.destroy()
})

test('a reader that names a host in a strange way is answered all the same', async () => {
  const { body } = await alice.generateAndWait({ prompt: 'a spring' })
  const socket = connectToApp()
  socket.write(formatRequest(`/api/generations/${body.id}/events`).replace('Host: x', 'Host: [x'))
  expect(await readUntil(socket, /\r\n\r\n/)).toMatch(/^HTTP\/1\.1 [24]00/)
  socket.destroy()
})

const formatRequest = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${alice.authorization}\r\n${headers}\r\n`

/** Lets requests be sent and what follows be done before Postgres answers any of them; then lets it answer. */
const whileReadersWait = async (send: () => Promise<() => Promise<void>>) => {
  await app.db.transaction().execute(async (tx) => {
    await sql`lock table generations in access exclusive mode`.execute(tx)
    const act = await send()
    // The worker's own queries may wait too.
    await waitFor(async () => (await countLockWaits(app.db, 'generations')) >= POOL_SIZE, {
      what: 'the requests to wait for Postgres',
      timeoutMs: 15_000,
    })
    await act()
  })
  // The pool answers in turn, so the earlier requests have had theirs.
  await alice.call('GET', '/api/generations?limit=1')
}

const readUntil = async (socket: Socket, pattern: RegExp): Promise<string> => {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  await waitFor(() => pattern.test(text), { what: String(pattern) })
  return text
}

/** Sooner than what a listener sleeps at most. */
const expectFewTimers = (before: number) =>
  waitFor(() => countTimers() <= before + IDLE_CONNECTIONS, {
    what: 'the timers to end',
    timeoutMs: 3_000,
  })

/** Connections to Postgres that idle have a timer each. */
const IDLE_CONNECTIONS = 15

const countTimers = (): number =>
  process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length
