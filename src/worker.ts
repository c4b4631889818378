import { startTracing } from './adapters/tracing/tracing.ts'
import type { Config } from './app/config.ts'
import { runUntilSignal, STOP_MARGIN_MS } from './app/process.ts'
import { resolveSecrets } from './app/secrets.ts'
import { describeShortStop } from './app/short-stops.ts'
import { createWorker } from './app/worker.ts'
import { createLogger } from './lib/logger.ts'
import { assertMigrated, checkQueue } from './migrate.ts'

/** The worker process. */
export const runWorker = async (config: Config): Promise<void> => {
  const logger = createLogger(config.logLevel ?? 'info', 'worker')
  await assertMigrated(config)
  await checkQueue(config, (text) => logger.warn(text))
  const tracing = await startTracing(config.tracing)
  const worker = createWorker(config, await resolveSecrets(config), logger, { tracing })
  const stop = (hurry: AbortSignal) => worker.stop(hurry).finally(tracing?.close)
  runUntilSignal(stop, config.stop.workerGraceMs + STOP_MARGIN_MS)
  const shortStop = describeShortStop(config)
  if (shortStop) logger.warn(shortStop)
  await worker.start()
  const metricsUrl = await worker.serveMetrics()
  logger.info({ concurrency: config.worker.concurrency, metricsUrl }, 'working')
}
