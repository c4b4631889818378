import { mkdir } from 'node:fs/promises'
import { startEmbeddedPostgres } from '../db/embedded/embedded-postgres.ts'
import { createMetrics } from './adapters/metrics/metrics.ts'
import { startTracing } from './adapters/tracing/tracing.ts'
import { createApi } from './app/api.ts'
import type { Config } from './app/config.ts'
import { createDisposables } from './app/disposables.ts'
import { runUntilSignal, STOP_MARGIN_MS } from './app/process.ts'
import { resolveSecrets, type Secrets } from './app/secrets.ts'
import { describeShortStop } from './app/short-stops.ts'
import { createWorker } from './app/worker.ts'
import { createLogger, type Logger } from './lib/logger.ts'
import { checkQueue, indexVectors, migrate } from './migrate.ts'

export type Started = { config: Config; secrets: Secrets; url: string; notes: string[] }

/** Everything in one process on one machine: embedded Postgres unless `DATABASE_URL` is set, API and worker. */
export const runAll = async (
  wanted: Config,
  onReady: (started: Started) => Promise<void>,
): Promise<void> => {
  const logger = createLogger(wanted.logLevel ?? 'warn', 'start')
  const { push, releaseAll } = createDisposables((err) => logger.warn({ err }, 'could not stop'))
  const { apiGraceMs, workerGraceMs } = wanted.stop
  let hurry: AbortSignal | undefined
  const stop = (signal: AbortSignal) => {
    hurry = signal
    return releaseAll()
  }
  runUntilSignal(stop, apiGraceMs + workerGraceMs + STOP_MARGIN_MS)
  try {
    const { config, notes, release } = await withDatabase(wanted, logger)
    push(release)
    await migrate(config)
    logger.info(await indexVectors(config))
    const shortStop = describeShortStop(config)
    if (shortStop) notes.push(shortStop)
    await checkQueue(config, (text) => notes.push(text))
    const secrets = await resolveSecrets(config)
    const tracing = await startTracing(config.tracing)
    push(() => tracing?.close())
    const overrides = { metrics: createMetrics(), tracing }
    const worker = createWorker(config, secrets, logger, overrides)
    push(() => worker.stop(hurry))
    push(() => sayWhatIsWaitedFor(worker.countRunning(), config))
    const api = createApi(config, secrets, logger, overrides)
    // Nothing here balances load, and Ctrl-C does not wait for a browser's resting connections.
    push(() => api.stop({ idleMs: 0 }))
    await worker.start()
    const { url } = await api.start()
    await onReady({ config, secrets, url, notes })
  } catch (error) {
    await releaseAll()
    throw error
  }
}

/** A person who presses Ctrl-C sees why it does not end at once, and how it would. */
const sayWhatIsWaitedFor = (running: number, { stop, gemini }: Config): void => {
  if (running === 0) return
  const images = running === 1 ? 'the image that is' : `the ${running} images that are`
  const why = gemini ? ', since calls that are out are paid for' : ''
  process.stderr.write(
    `\nWaiting for ${images} being made${why}, ${stop.workerGraceMs / 1_000} s at most. Ctrl-C again gives up.\n`,
  )
}

/** Runs something against the configured database, or the embedded one for as long as it takes. */
export const withDatabase = async (config: Config, logger: Logger) => {
  const notes: string[] = []
  if (config.database.url) return { config, notes, release: async () => {} }
  await mkdir(config.dataDir, { recursive: true })
  const postgres = await startEmbeddedPostgres({
    dataDir: config.dataDir,
    onLost: (err) => logger.error({ err }, 'the embedded Postgres is gone: start again'),
  })
  if (postgres.note) notes.push(postgres.note)
  const database = { ...config.database, url: postgres.databaseUrl, isEmbedded: true }
  return { config: { ...config, database }, notes, release: postgres.stop }
}
