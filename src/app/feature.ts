import type { MountedRoutes } from '../adapters/http/mounted-routes.ts'
import type { MaintenanceTask } from '../adapters/queue/maintenance-queue.ts'
import { waitAtMost } from '../lib/time.ts'

/** What a feature adds to a process. Each `module.ts` makes one; `api.ts` and `worker.ts` list those that they run. */
export type Feature = {
  routes?: readonly MountedRoutes[]
  start?: () => void
  /** Ends what is under way. What takes longer than `patienceMs` it gives up, or gives back for others to take up. */
  stop?: (patienceMs: number) => Promise<unknown>
  /** What is to be done every hour or day, by one worker of all. */
  tasks?: readonly MaintenanceTask[]
}

export const startAll = (features: readonly Feature[]): void => {
  for (const { start } of features) start?.()
}

/** Stops all at once, and waits no longer than the grace period: one may wait for a Postgres that is frozen. */
export const stopAll = (features: readonly Feature[], graceMs: number): Promise<unknown> =>
  Promise.all(features.map(({ stop }) => stop && waitAtMost(stop(letGoAfterMs(graceMs)), graceMs)))

/** What of the grace period is kept for giving back what still runs; less of a short one. */
const LET_GO_MS = 1_000

/** When in the grace period work that still runs is given back, so that another worker has it at once. */
export const letGoAfterMs = (graceMs: number): number => Math.max(graceMs - LET_GO_MS, graceMs / 2)
