import { startTracing } from './adapters/tracing/tracing.ts'
import type { Config } from './app/config.ts'
import { openProviders } from './app/open-providers.ts'
import { runUntilSignal, STOP_MARGIN_MS } from './app/process.ts'
import { resolveSecrets } from './app/secrets.ts'
import { awaitDatabase, passSelfTest } from './app/self-test.ts'
import { describeShortStop } from './app/short-stops.ts'
import { createWorker } from './app/worker.ts'
import { createLogger } from './lib/logger.ts'
import { assertUsable } from './migrate.ts'

/** The worker process. Without Postgres there is nothing that it could do: it waits. */
export const runWorker = (config: Config): Promise<void> => {
  const logger = createLogger(config.logLevel ?? 'info', 'worker')
  return runUntilSignal(
    async ({ push, signal, hurry }) => {
      const warn = (text: string) => logger.warn(text)
      const { isDatabaseThere } = await passSelfTest(config, 'worker', warn)
      if (!isDatabaseThere) await awaitDatabase(config, signal)
      await assertUsable(config, warn)
      signal.throwIfAborted()
      const tracing = await startTracing(config.tracing)
      push(() => tracing?.close())
      const { providers, close } = openProviders(config, { isCaller: true })
      push(close)
      const secrets = await resolveSecrets(config)
      const worker = createWorker(config, secrets, logger, { tracing, providers })
      push(() => worker.stop(hurry))
      const shortStop = describeShortStop(config)
      if (shortStop) warn(shortStop)
      await worker.start()
      const metricsUrl = await worker.serveMetrics()
      logger.info({ concurrency: config.worker.concurrency, metricsUrl }, 'working')
    },
    {
      patienceMs: config.stop.flexGraceMs + STOP_MARGIN_MS,
      onReleaseError: (err) => logger.warn({ err }, 'could not stop'),
    },
  )
}
