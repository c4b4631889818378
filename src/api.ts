import { startTracing } from './adapters/tracing/tracing.ts'
import { createApi } from './app/api.ts'
import type { Config } from './app/config.ts'
import { runUntilSignal, STOP_MARGIN_MS } from './app/process.ts'
import { resolveSecrets } from './app/secrets.ts'
import { awaitDatabase, passSelfTest } from './app/self-test.ts'
import { createLogger, type Logger } from './lib/logger.ts'
import { assertUsable } from './migrate.ts'

/** The API process. */
export const runApi = (config: Config): Promise<void> => {
  const logger = createLogger(config.logLevel ?? 'info', 'api')
  return runUntilSignal(
    async ({ push, signal, hurry }) => {
      const warn = (text: string) => logger.warn(text)
      const { isDatabaseThere } = await passSelfTest(config, 'api', warn)
      if (isDatabaseThere) await assertUsable(config, warn)
      signal.throwIfAborted()
      const tracing = await startTracing(config.tracing)
      push(() => tracing?.close())
      const api = createApi(config, await resolveSecrets(config), logger, { tracing })
      push(() => api.stop({ hurry }))
      const { url } = await api.start()
      logger.info({ url }, 'listening')
      if (!isDatabaseThere) void endUnlessMigrated(config, logger, signal)
    },
    {
      patienceMs: config.stop.apiGraceMs + STOP_MARGIN_MS,
      onReleaseError: (err) => logger.warn({ err }, 'could not stop'),
    },
  )
}

/** What could not be known at the start: a schema that is too old can't be served, nor another database's queue. */
const endUnlessMigrated = async (config: Config, logger: Logger, signal: AbortSignal) => {
  try {
    await awaitDatabase(config, signal)
    await assertUsable(config, (text) => logger.warn(text))
  } catch (err) {
    if (signal.aborted) return
    logger.fatal({ err }, 'can’t go on')
    process.exitCode = 1
    process.kill(process.pid, 'SIGTERM')
  }
}
