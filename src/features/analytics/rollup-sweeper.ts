import type { Config } from '../../app/config.ts'
import type { Shared } from '../../app/resources.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { startSweeper } from '../../lib/run-every.ts'
import { createFold } from './fold.ts'

/** What is not folded yet is read one by one, so little should be left. */
const MAX_INTERVAL_MS = 1_000

/** Keeps the daily rollup of the analytics. Release with `stop`. */
export const createRollupSweeper = (config: Config, { db }: Pick<Shared, 'db'>, logger: Logger) => {
  const onError = createRareLog((fields) => logger.warn(fields, 'the analytics are behind'))
  const fold = createFold(db)
  const stopping = new AbortController()
  let sweeper: ReturnType<typeof startSweeper> | undefined

  const start = (): void => {
    const intervalMs = Math.min(config.worker.sweepIntervalMs, MAX_INTERVAL_MS)
    sweeper = startSweeper(() => fold(stopping.signal), { intervalMs, onError })
  }
  const stop = async (): Promise<void> => {
    stopping.abort()
    await sweeper?.stop()
  }
  return { start, stop }
}
