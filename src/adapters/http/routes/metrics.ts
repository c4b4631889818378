import { Router } from 'express'
import { AppError } from '../../../lib/errors.ts'
import { type MetricsAccess, mayReadMetrics, type ReadMetrics, sendMetrics } from '../metrics.ts'

/** `/metrics` for Prometheus; there is none where nobody may read it. */
export const createMetricsRoutes = ({
  metricsAccess,
  readMetrics,
}: {
  metricsAccess: MetricsAccess
  readMetrics: ReadMetrics
}): Router => {
  const router = Router()
  if (metricsAccess === 'nobody') return router

  router.get('/metrics', async (req, res) => {
    if (!mayReadMetrics(req.headers.authorization, metricsAccess.token)) {
      throw new AppError('unauthenticated', 'Send "Authorization: Bearer <METRICS_TOKEN>".')
    }
    await sendMetrics(readMetrics, res)
  })
  return router
}
