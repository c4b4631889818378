import { Router } from 'express'
import { AppError } from '../../../lib/errors.ts'
import type { HttpContext } from '../http-context.ts'
import { mayReadMetrics, sendMetrics } from '../metrics.ts'

/** `/metrics` for Prometheus; there is none where nobody may read it. */
export const createMetricsRoutes = ({
  metricsAccess,
  readMetrics,
}: Pick<HttpContext, 'metricsAccess' | 'readMetrics'>): Router => {
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
