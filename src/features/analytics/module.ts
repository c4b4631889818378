import type { Database } from '../../../db/database.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { runEvery } from '../../lib/run-every.ts'
import { createFold } from './fold.ts'

type AnalyticsDeps = { db: Database; intervalMs: number; logger: Logger }

/** What is not folded yet is read one by one, so little should be left. */
const MAX_INTERVAL_MS = 1_000

/** Keeps the daily rollup that the figures are read from. */
export const createAnalytics = ({ db, intervalMs, logger }: AnalyticsDeps) => {
  const onError = createRareLog((fields) => logger.warn(fields, 'the analytics are behind'))
  const fold = createFold(db)
  const stopping = new AbortController()
  let sweeper: ReturnType<typeof runEvery> | undefined

  const start = (): void => {
    sweeper = runEvery(() => fold(stopping.signal), {
      intervalMs: Math.min(intervalMs, MAX_INTERVAL_MS),
      onError,
    })
  }
  const stop = async (): Promise<void> => {
    stopping.abort()
    await sweeper?.stop()
  }
  return { start, stop }
}
