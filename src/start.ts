import { startEmbeddedPostgres } from '../db/embedded/embedded-postgres.ts'
import { createMetrics } from './adapters/metrics/metrics.ts'
import { startTracing } from './adapters/tracing/tracing.ts'
import { createApi } from './app/api.ts'
import type { Config } from './app/config.ts'
import { openProviders } from './app/open-providers.ts'
import { runUntilSignal, STOP_MARGIN_MS } from './app/process.ts'
import { resolveSecrets, type Secrets } from './app/secrets.ts'
import { passSelfTest, requireFolder } from './app/self-test.ts'
import { describeShortStop } from './app/short-stops.ts'
import { createWorker } from './app/worker.ts'
import { createLogger, type Logger } from './lib/logger.ts'
import { checkQueue, indexVectors, migrate } from './migrate.ts'

export type Started = { config: Config; secrets: Secrets; url: string; notes: string[] }

/** Everything in one process on one machine: embedded Postgres unless `DATABASE_URL` is set, API and worker. */
export const runAll = (
  wanted: Config,
  onReady: (started: Started) => Promise<void>,
): Promise<void> => {
  const logger = createLogger(wanted.logLevel ?? 'warn', 'start')
  return runUntilSignal(
    async ({ push, signal, hurry }) => {
      const { config, notes, release } = await withDatabase(wanted, logger, signal)
      push(release)
      await passSelfTest(config, 'start', (text) => notes.push(text))
      signal.throwIfAborted()
      await migrate(config)
      logger.info(await indexVectors(config))
      const shortStop = describeShortStop(config)
      if (shortStop) notes.push(shortStop)
      await checkQueue(config, (text) => notes.push(text))
      const secrets = await resolveSecrets(config)
      const tracing = await startTracing(config.tracing)
      push(() => tracing?.close())
      signal.throwIfAborted()
      const { providers, close } = openProviders(config, { isCaller: true })
      push(close)
      const overrides = { metrics: createMetrics(), tracing, providers }
      const worker = createWorker(config, secrets, logger, overrides)
      push(() => worker.stop(hurry))
      push(() => sayWhatIsWaitedFor(worker, config))
      const api = createApi(config, secrets, logger, overrides)
      // Nothing here balances load, and Ctrl-C does not wait for a browser's resting connections.
      push(() => api.stop({ idleMs: 0, hurry }))
      await worker.start()
      const { url } = await api.start()
      await onReady({ config, secrets, url, notes })
    },
    {
      patienceMs: wanted.stop.apiGraceMs + wanted.stop.flexGraceMs + STOP_MARGIN_MS,
      onReleaseError: (err) => logger.warn({ err }, 'could not stop'),
    },
  )
}

/** A person who presses Ctrl-C sees why it does not end at once, and how it would. */
const sayWhatIsWaitedFor = (
  {
    countRunning,
    findGraceMs,
  }: Pick<ReturnType<typeof createWorker>, 'countRunning' | 'findGraceMs'>,
  { gemini, openai }: Config,
): void => {
  const running = countRunning()
  if (running === 0) return
  const images = running === 1 ? 'the image that is' : `the ${running} images that are`
  const why = gemini || openai ? ', since calls that are out are paid for' : ''
  process.stderr.write(
    `\nWaiting for ${images} being made${why}, ${findGraceMs() / 1_000} s at most. Ctrl-C again gives up.\n`,
  )
}

/** Runs something against the configured database, or the embedded one for as long as it takes. */
export const withDatabase = async (config: Config, logger: Logger, signal?: AbortSignal) => {
  const notes: string[] = []
  if (config.database.url) return { config, notes, release: async () => {} }
  await requireFolder(config)
  const postgres = await startEmbeddedPostgres({
    dataDir: config.dataDir,
    signal,
    onLost: (err) => logger.error({ err }, 'the embedded Postgres is gone: start again'),
  })
  if (postgres.note) notes.push(postgres.note)
  const database = { ...config.database, url: postgres.databaseUrl, isEmbedded: true }
  return { config: { ...config, database }, notes, release: postgres.stop }
}
