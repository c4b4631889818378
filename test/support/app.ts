import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDatabase, type Database } from '../../db/database.ts'
import { withDatabaseAt } from '../../db/installation.ts'
import { createGenerationQueue } from '../../src/adapters/queue/generation-queue.ts'
import { createApi } from '../../src/app/api.ts'
import { type Config, parseConfig } from '../../src/app/config.ts'
import { type Overrides, toQueueBackend } from '../../src/app/resources.ts'
import { resolveSecrets } from '../../src/app/secrets.ts'
import { createWorker } from '../../src/app/worker.ts'
import { signToken } from '../../src/cli/token.ts'
import { createLogger, type Logger } from '../../src/lib/logger.ts'
import { createTestDatabase } from './database.ts'
import { type GeminiServer, startGeminiServer } from './gemini-server.ts'
import { highRates } from './rates.ts'

export type TestAppOptions = {
  backend?: 'redis' | 'postgres'
  apis?: number
  workers?: number
  env?: Record<string, string>
  overrides?: Overrides
  logger?: Logger
}

export type TestApp = Awaited<ReturnType<typeof startTestApp>>

/** API and worker with a database, a queue and a folder of their own, and the provider's stand-in behind them. */
export const startTestApp = async ({
  backend = 'postgres',
  apis = 1,
  workers = 1,
  env = {},
  overrides = {},
  logger: given,
}: TestAppOptions = {}) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'imageonce-test-'))
  const database = await createTestDatabase()
  const gemini: GeminiServer = await startGeminiServer()
  const config: Config = parseConfig({
    NODE_ENV: 'test',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: database.url,
    ...(backend === 'redis' && { REDIS_URL: process.env.TEST_REDIS_URL }),
    QUEUE_NAME: `test-${randomUUID()}`,
    GEMINI_API_KEY: 'test-key',
    GEMINI_BASE_URL: gemini.url,
    LOG_LEVEL: 'silent',
    RETRY_BACKOFF_MS: '20',
    SWEEP_INTERVAL_MS: '500',
    SHUTDOWN_GRACE_MS: '3000',
    // Tests ask again on purpose.
    REFUSAL_TTL_MS: '0',
    BREAKER_FAILURES: '1000',
    EMBEDDING_SOURCE: 'off',
    RATE_LIMITS: highRates('telemetry'),
    ...env,
  })
  const secrets = await resolveSecrets(config)
  const logger = given ?? createLogger(config.logLevel ?? 'silent', 'start')
  const db: Database = createDatabase({ url: database.url, poolSize: 2, onIdleError: () => {} })
  const startedApis = Array.from({ length: apis }, () =>
    createApi(config, secrets, logger, overrides),
  )
  const startedWorkers: ReturnType<typeof createWorker>[] = []
  const startWorker = async (): Promise<void> => {
    const worker = createWorker(config, secrets, logger, overrides)
    startedWorkers.push(worker)
    await worker.start()
  }
  const urls = (await Promise.all(startedApis.map((api) => api.start()))).map(({ url }) => url)
  await Promise.all(Array.from({ length: workers }, startWorker))

  const token = (owner = 'alice', admin = false) => signToken(secrets, { owner, admin, days: 1 })
  /** Takes a job out behind everybody's back, as a wiped Redis would. */
  const removeJob = (generationId: string): Promise<void> =>
    withDatabaseAt(config.database.url ?? '', async (ofQueue) => {
      const backend = toQueueBackend(config, ofQueue)
      const queue = createGenerationQueue(backend, config.queue.name, () => {})
      await queue.settle(2_000)
      await queue.remove(generationId)
      await queue.close()
    })
  let apisStopped: Promise<unknown> | undefined
  const stopApis = () => {
    apisStopped ??= Promise.all(startedApis.map((api) => api.stop({ idleMs: 0 })))
    return apisStopped
  }
  const stopWorkers = () => Promise.all(startedWorkers.map((worker) => worker.stop()))
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= stopAll()
    return stopped
  }
  const stopAll = async () => {
    await stopApis()
    await stopWorkers()
    await db.destroy()
    await gemini.close()
    await database.drop()
    await rm(dataDir, { recursive: true, force: true })
  }
  return {
    url: urls[0] ?? '',
    urls,
    config,
    secrets,
    logger,
    /** A token under other secrets than the app's. */
    sign: (others: typeof secrets, owner: string) =>
      signToken(others, { owner, admin: false, days: 1 }),
    db,
    gemini,
    dataDir,
    token,
    startWorker,
    removeJob,
    routes: startedApis[0]?.routes ?? [],
    stopApis,
    stopWorkers,
    stop,
  }
}
