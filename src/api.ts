import { startTracing } from './adapters/tracing/tracing.ts'
import { createApi } from './app/api.ts'
import type { Config } from './app/config.ts'
import { runUntilSignal, STOP_MARGIN_MS } from './app/process.ts'
import { resolveSecrets } from './app/secrets.ts'
import { createLogger } from './lib/logger.ts'
import { assertMigrated, checkQueue } from './migrate.ts'

/** The API process. */
export const runApi = async (config: Config): Promise<void> => {
  const logger = createLogger(config.logLevel ?? 'info', 'api')
  await assertMigrated(config)
  await checkQueue(config, (text) => logger.warn(text))
  const tracing = await startTracing(config.tracing)
  const api = createApi(config, await resolveSecrets(config), logger, { tracing })
  const stop = () => api.stop().finally(tracing?.close)
  runUntilSignal(stop, config.stop.apiGraceMs + STOP_MARGIN_MS)
  const { url } = await api.start()
  logger.info({ url }, 'listening')
}
