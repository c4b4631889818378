import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import type { Profiler } from 'node:inspector'
import { Session } from 'node:inspector/promises'
import { relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createApi } from '../src/app/api.ts'
import { parseConfig } from '../src/app/config.ts'
import { createDisposables, type Disposables } from '../src/app/disposables.ts'
import { resolveSecrets } from '../src/app/secrets.ts'
import { createWorker } from '../src/app/worker.ts'
import { createLogger } from '../src/lib/logger.ts'
import { type GeminiServer, startGeminiServer } from '../test/support/gemini-server.ts'
import { makeTemporaryFolder } from '../test/support/temporary-folder.ts'
import { printAim } from './report.ts'
import { signToken } from './requests.ts'
import { JWT_SECRET, startServices } from './services.ts'

/*
 * `npm run trips` lists the files of ours that a submission and a job come through: those of which a function is called
 * between socket and answer, and between two calls of the model. What only sometimes runs meanwhile, as timers do, is
 * left out by making each trip several times.
 */

const MAX_FILES = { submission: 25, job: 30 }
const WARM_UPS = 2
const TRIPS = 6

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OURS = /^(src|db)\//

const { push, releaseAll } = createDisposables(console.error)

const main = async () => {
  const gemini = await startGeminiServer()
  push(gemini.close)
  const parts = await openParts(gemini.url, push)
  const takeFiles = await startCoverage(push)
  printTrip('submission', await followSubmissions(parts, takeFiles))
  const jobs: string[][] = []
  gemini.behave(async () => {
    jobs.push(await takeFiles())
    return { kind: 'image' }
  })
  await runJobs(parts, gemini)
  printTrip('job', jobs.slice(-TRIPS))
}

type Parts = Awaited<ReturnType<typeof openParts>>

const openParts = async (geminiUrl: string, push: Disposables['push']) => {
  const { databaseUrl, redisUrl } = await startServices(push)
  const folder = await makeTemporaryFolder('trips')
  push(folder.remove)
  const config = parseConfig({
    PORT: '0',
    DATA_DIR: folder.path,
    DATABASE_URL: databaseUrl,
    ...(redisUrl && { REDIS_URL: redisUrl }),
    AUTH_JWT_SECRET: JWT_SECRET,
    GEMINI_API_KEY: 'test-key',
    GEMINI_BASE_URL: geminiUrl,
    EMBEDDING_SOURCE: 'off',
    WORKER_CONCURRENCY: '1',
    SWEEP_INTERVAL_MS: '60000',
  })
  const secrets = await resolveSecrets(config)
  // As in production, but for the store, which is a folder.
  return [{ ...config, isProduction: true }, secrets, createLogger('silent', 'start')] as const
}

/** Starts counting calls; the result tells whose functions were called since it was last asked. */
const startCoverage = async (push: Disposables['push']) => {
  const session = new Session()
  session.connect()
  push(() => session.disconnect())
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  return async (): Promise<string[]> => {
    const { result } = await session.post('Profiler.takePreciseCoverage')
    return result
      .filter(({ url }) => url.startsWith('file:'))
      .map(({ url, functions }) => ({
        file: relative(ROOT, fileURLToPath(url)),
        isCalled: functions.some(({ ranges: [whole] }) => whole && isCall(whole)),
      }))
      .filter(({ file, isCalled }) => isCalled && OURS.test(file))
      .map(({ file }) => file)
  }
}

/** What begins where its file does is the module itself. */
const isCall = ({ startOffset, count }: Profiler.CoverageRange): boolean =>
  startOffset > 0 && count > 0

/** No worker is there meanwhile: the jobs stay. */
const followSubmissions = async (
  parts: Parts,
  takeFiles: () => Promise<string[]>,
): Promise<string[][]> => {
  const api = createApi(...parts)
  const { url } = await api.start()
  const trips: string[][] = []
  const token = await signToken('alice')
  for (let n = 0; n < WARM_UPS + TRIPS; n++) {
    await takeFiles()
    const status = await post(`${url}/api/visualize/generate`, token, {
      prompt: `a red bicycle in front of house number ${n}`,
    })
    if (status !== 202) throw new Error(`the answer is ${status}`)
    trips.push(await takeFiles())
  }
  await api.stop({ idleMs: 0 })
  return trips.slice(-TRIPS)
}

/** Not by `fetch`, through which the provider is called: a call of it is on this trip no file of ours. */
const post = async (url: string, token: string, body: object): Promise<number | undefined> => {
  const call = request(url, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  })
  call.end(JSON.stringify(body))
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  await text(response)
  return response.statusCode
}

/** One after the other, so that from one call of the model to the next every step of a job is made once. */
const runJobs = async (parts: Parts, gemini: GeminiServer): Promise<void> => {
  const worker = createWorker(...parts)
  await worker.start()
  await gemini.waitForCall(({ number }) => number === WARM_UPS + TRIPS)
  await worker.stop()
}

const printTrip = (name: keyof typeof MAX_FILES, trips: string[][]): void => {
  const [first = [], ...others] = trips
  const files = first.filter((file) => others.every((trip) => trip.includes(file))).sort()
  console.log(`\nA ${name} comes through:`)
  for (const file of files) console.log(`  ${file}`)
  printAim(`${files.length} files, aim ${MAX_FILES[name]}`, files.length <= MAX_FILES[name])
}

await main().finally(releaseAll)
