import type { Database } from '../../../db/database.ts'
import type { MaintenanceTask } from '../../adapters/queue/maintenance-queue.ts'
import type { Logger } from '../../lib/logger.ts'
import { DAY_MS, HOUR_MS } from '../../lib/time.ts'
import { wakeIfSettingsChanged } from './changed-settings.ts'
import { deleteOldSpending } from './maintenance.ts'
import type { SpendingMetrics } from './metrics.ts'
import { measureSpending, type SpendingSettings } from './report.ts'

export type SpendingDeps = {
  db: Database
  settings: SpendingSettings
  metrics: SpendingMetrics
  logger: Pick<Logger, 'info' | 'warn'>
}

/**
 * What is spent, for Prometheus; what of it is forgotten; and what waits is tried again after a start with other limits. The limits
 * themselves are the statement's that records a call.
 */
export const createSpending = ({ db, settings, metrics, logger }: SpendingDeps) => {
  const unwatch = metrics.watch(() => measureSpending(db, settings))
  const tasks: MaintenanceTask[] = [
    { name: 'old-spending', everyMs: DAY_MS, run: (signal) => deleteOldSpending(db, signal) },
    {
      name: 'budget-settings',
      everyMs: HOUR_MS,
      run: async () => ({ isChanged: await wakeIfSettingsChanged(db, settings) }),
    },
  ]
  let starting: Promise<unknown> | undefined
  const start = (): void => {
    starting = wakeIfSettingsChanged(db, settings).then(
      (isChanged) => isChanged && logger.info('the limits of the settings are others than before'),
      (err: unknown) =>
        logger.warn({ err }, 'what waits for a budget is tried again within an hour'),
    )
  }
  const stop = async (): Promise<void> => {
    unwatch()
    await starting
  }
  return { start, stop, tasks }
}
