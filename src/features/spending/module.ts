import type { Database } from '../../../db/database.ts'
import type { MaintenanceTask } from '../../adapters/queue/maintenance-queue.ts'
import { DAY_MS } from '../../lib/time.ts'
import { deleteOldSpending } from './maintenance.ts'
import type { SpendingMetrics } from './metrics.ts'
import { measureSpending, type SpendingSettings } from './report.ts'

export type SpendingDeps = { db: Database; settings: SpendingSettings; metrics: SpendingMetrics }

/** What is spent, for Prometheus; and what of it is forgotten. The limits themselves are the statement's that records a call. */
export const createSpending = ({ db, settings, metrics }: SpendingDeps) => {
  const unwatch = metrics.watch(() => measureSpending(db, settings))
  const tasks: MaintenanceTask[] = [
    { name: 'old-spending', everyMs: DAY_MS, run: (signal) => deleteOldSpending(db, signal) },
  ]
  return { stop: async () => unwatch(), tasks }
}
