import { Router } from 'express'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { requireOperator } from '../../adapters/http/scope.ts'
import type { LaneStatus, ServerStatus, WorkerStatus } from '../../contract/server-status.ts'
import type { Setting } from '../../contract/setting.ts'

export type OperatorDeps = {
  /** What this server is made of. */
  server: Omit<ServerStatus, 'lanes' | 'workers' | 'prices'>
  /** As of now. */
  describePrices: () => ServerStatus['prices']
  settings: readonly Setting[]
  findWorkers: () => Promise<WorkerStatus[]>
  measureQueue: () => Promise<LaneStatus[]>
}

/** What operators look at: how the server fares, and how it is set. */
export const createOperatorRoutes = (deps: OperatorDeps): MountedRoutes => {
  const { server, describePrices, settings, findWorkers, measureQueue } = deps
  const router = Router()

  router.get('/status', requireOperator, async (_req, res) => {
    const [lanes, workers] = await Promise.all([measureQueue(), findWorkers()])
    sendUncached(res, {
      ...server,
      prices: describePrices(),
      lanes,
      workers,
    } satisfies ServerStatus)
  })

  router.get('/settings', requireOperator, (_req, res) => {
    sendUncached(res, { settings })
  })

  return { path: '/api', access: 'token', handler: router }
}
