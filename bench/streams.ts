import { readdir, readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { createDatabase } from '../db/database.ts'
import type { Disposables } from '../src/app/disposables.ts'
import { cancelQueuedOrRunning } from '../src/generation/state/interventions.ts'
import { AppError } from '../src/lib/errors.ts'
import { scrape } from '../test/support/metrics.ts'
import { waitFor } from '../test/support/wait-for.ts'
import { imageonceCommand } from './commands.ts'
import { startServer } from './programs.ts'
import { printAim } from './report.ts'
import { signToken } from './requests.ts'
import { productionEnvironment, type Services } from './services.ts'
import { percentileOf } from './statistics.ts'

const GENERATIONS = 100
const WRITERS = 32
const OPENED_AT_ONCE = 50
/** Longer than a heartbeat's interval. */
const IDLE_SECONDS = 16
const LOOK_EVERY_MS = 10
const METRICS_TOKEN = 'a-token-of-the-benchmark-and-of-nobody-else'

const MAX_STATEMENTS_A_SECOND = 10
const MAX_KIB_A_STREAM = 30
const MAX_STATEMENTS_A_DELIVERY = 0.1
const MAX_P99_MS = 250

/**
 * So many streams on a hundred generations in one API process: what they cost while nothing happens, and how soon all are told when
 * the generations end, by 32 writers; and what another request meets meanwhile.
 */
export const measureStreams = async (
  services: Services,
  count: number,
  push: Disposables['push'],
) => {
  const api = await startServer(imageonceCommand('api'), {
    ...productionEnvironment(services),
    METRICS_TOKEN,
    MAX_OPEN: String(count + GENERATIONS),
    OWNER_MAX_OPEN: String(count),
  })
  push(api.stop)
  const authorization = `Bearer ${await signToken('follower')}`
  const ids: string[] = []
  for (let n = 0; n < GENERATIONS; n++) ids.push(await submit(api.url, authorization, n))
  const countStatements = () => readStatements(api.url)
  const lookAtOther = () => timeRequest(`${api.url}/api/generations/${ids[0]}`, authorization)
  // Whatever is made once is made by now.
  await openStreams(api.url, authorization, ids).then(closeAll)
  await waitFor(async () => (await readOpen(api.url)) === 0, { what: 'the first to be gone' })
  const idleTimes = await timeUntil(delay(1_000), lookAtOther)

  const alone = await measureIdle(countStatements)
  const beforeKib = await readKib(api.pid)
  const targets = Array.from({ length: count }, (_, n) => ids[n % ids.length] ?? '')
  const streams = await openStreams(api.url, authorization, targets)
  const idle = await measureIdle(countStatements)
  const kib = ((await readKib(api.pid)) - beforeKib) / count
  const asked = await countStatements()
  const { latencies, otherTimes, cpuMs } = await endAll(services, ids, streams, {
    lookAtOther,
    readCpu: () => readCpuMs(api.pid),
  })
  const cpuEach = (cpuMs / streams.length) * 1_000
  const each = ((await countStatements()) - asked) / streams.length
  closeAll(streams)

  const p99 = percentileOf(latencies, 0.99)
  const busy = percentileOf(otherTimes, 0.99)
  console.log(`\n${count} streams of ${GENERATIONS} generations`)
  printAim(
    `  statements/s while idle   ${idle.toFixed(1)} (${alone.toFixed(1)} without any), aim ${MAX_STATEMENTS_A_SECOND} at most`,
    idle <= MAX_STATEMENTS_A_SECOND,
  )
  printAim(
    `  KiB a stream (VmRSS)      ${kib.toFixed(1)}, aim ${MAX_KIB_A_STREAM} at most`,
    kib <= MAX_KIB_A_STREAM,
  )
  printAim(
    `  statements a delivery     ${each.toFixed(3)}, aim ${MAX_STATEMENTS_A_DELIVERY} at most`,
    each <= MAX_STATEMENTS_A_DELIVERY,
  )
  const times = `p50 ${percentileOf(latencies, 0.5).toFixed(0)}, p99 ${p99.toFixed(0)} ms`
  printAim(
    `  commit → reader           ${times} (${latencies.length} of ${count}), aim ${MAX_P99_MS}`,
    p99 <= MAX_P99_MS && latencies.length === count,
  )
  console.log(`  API CPU a delivery        ${cpuEach.toFixed(0)} µs until all are told`)
  const others = `p50 ${percentileOf(otherTimes, 0.5).toFixed(1)}, p99 ${busy.toFixed(1)} ms`
  const usual = `p50 ${percentileOf(idleTimes, 0.5).toFixed(1)}, p99 ${percentileOf(idleTimes, 0.99).toFixed(1)} ms`
  console.log(`  another request meanwhile ${others}; before: ${usual}`)
}

type Stream = { id: string; socket: Socket; ended: Promise<number> }

/** Ends all generations, and tells how long after its commit each stream heard of it. */
const endAll = async (
  services: Services,
  ids: readonly string[],
  streams: readonly Stream[],
  { lookAtOther, readCpu }: { lookAtOther: () => Promise<number>; readCpu: () => Promise<number> },
) => {
  const url = services.databaseUrl
  const db = createDatabase({ url, poolSize: WRITERS, onIdleError: console.error })
  // A connection for each writer, before the clock runs.
  await Promise.all(ids.slice(0, WRITERS).map(() => sql`select pg_sleep(0.2)`.execute(db)))
  const error = new AppError('canceled', 'Canceled.')
  const committed = new Map<string, number>()
  const write = async (id: string) => {
    await cancelQueuedOrRunning(db, id, error)
    committed.set(id, performance.now())
  }
  const cpuBeforeMs = await readCpu()
  const delivered = Promise.all(streams.map(({ ended }) => ended))
  const [[times, cpuAfterMs], otherTimes] = await Promise.all([
    Promise.all([delivered, delivered.then(readCpu), ...ids.map(write)]),
    timeUntil(delivered, lookAtOther),
  ])
  await db.destroy()
  const latencies = streams.map(({ id }, n) => (times[n] ?? 0) - (committed.get(id) ?? 0))
  return {
    latencies: latencies.filter(Number.isFinite),
    otherTimes,
    cpuMs: cpuAfterMs - cpuBeforeMs,
  }
}

const openStreams = async (
  url: string,
  authorization: string,
  ids: readonly string[],
): Promise<Stream[]> => {
  const streams: Stream[] = []
  for (let at = 0; at < ids.length; at += OPENED_AT_ONCE) {
    const batch = ids.slice(at, at + OPENED_AT_ONCE)
    streams.push(...(await Promise.all(batch.map((id) => openStream(url, authorization, id)))))
  }
  return streams
}

/** Resolves with its snapshot; `ended` with when it was told of the end, infinite where it was not. */
const openStream = (url: string, authorization: string, id: string) =>
  new Promise<Stream>((resolve, reject) => {
    const { hostname, port } = new URL(url)
    const socket = connect(Number(port), hostname)
    const ended = new Promise<number>((told) => {
      socket.on('data', (data) => {
        if (data.includes('event: snapshot')) resolve({ id, socket, ended })
        else if (data.includes('event: generation.canceled')) told(performance.now())
        else if (!data.includes(':\n\n')) reject(new Error(data.toString().slice(0, 200)))
      })
      socket.on('close', () => told(Number.POSITIVE_INFINITY))
    })
    socket.on('error', reject)
    socket.write(
      `GET /api/generations/${id}/events HTTP/1.1\r\nHost: bench\r\nAuthorization: ${authorization}\r\n\r\n`,
    )
  })

const closeAll = (streams: readonly Stream[]): void => {
  for (const { socket } of streams) socket.destroy()
}

/** Statements a second while nothing is asked for. */
const measureIdle = async (countStatements: () => Promise<number>): Promise<number> => {
  const first = await countStatements()
  const second = await countStatements()
  await delay(IDLE_SECONDS * 1_000)
  // What the counting itself asks is no part of it.
  return Math.max(0, (await countStatements()) - second - (second - first)) / IDLE_SECONDS
}

/** How long each took, one after the other with a short rest, until the work is done. */
const timeUntil = async (
  work: Promise<unknown>,
  request: () => Promise<number>,
): Promise<number[]> => {
  const times: number[] = []
  let isDone = false
  void work.finally(() => {
    isDone = true
  })
  while (!isDone) {
    times.push(await request())
    await delay(LOOK_EVERY_MS)
  }
  return times
}

const timeRequest = async (url: string, authorization: string): Promise<number> => {
  const startedAt = performance.now()
  const answer = await fetch(url, { headers: { authorization } })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return performance.now() - startedAt
}

const submit = async (url: string, authorization: string, n: number): Promise<string> => {
  const answer = await fetch(`${url}/api/visualize/generate`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: `followed ${n} at ${Date.now()}` }),
  })
  const { id } = (await answer.json()) as { id?: string }
  if (!id) throw new Error(`a submission was answered ${answer.status}`)
  return id
}

const scrapeOwn = (url: string) => scrape(url, { authorization: `Bearer ${METRICS_TOKEN}` })

const readStatements = async (url: string): Promise<number> =>
  [...(await scrapeOwn(url))]
    .filter(([name]) => name.startsWith('imageonce_database_query_duration_seconds_count'))
    .reduce((sum, [, value]) => sum + value, 0)

const readOpen = async (url: string): Promise<number> =>
  (await scrapeOwn(url)).get('imageonce_event_streams_open') ?? Number.NaN

/** On its main and all other threads (Linux, proc(5)). */
const readCpuMs = async (pid: number): Promise<number> => {
  const tasks = await readdir(`/proc/${pid}/task`)
  const times = await Promise.all(
    tasks.map((task) => readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8')),
  )
  return times.reduce((sum, text) => sum + Number(text.split(' ')[0]), 0) / 1e6
}

const readKib = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1])
}
