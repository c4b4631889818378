import { Router } from 'express'
import { answerWithin } from '../../time.ts'
import type { HttpContext } from '../http-context.ts'

const CHECK_TIMEOUT_MS = 2_000

/** `/livez`: the process answers. `/readyz`: its parts answer too, and it is not stopping. */
export const createHealthRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok' })
  })

  router.get('/readyz', async (_req, res) => {
    const checks = context.shutdown.aborted
      ? [['process', 'failed']]
      : await Promise.all(Object.entries(context.readinessChecks).map(runCheck))
    const isReady = checks.every(([, result]) => result === 'ok')
    res.set('Cache-Control', 'no-store')
    res.status(isReady ? 200 : 503).json({
      status: isReady ? 'ok' : 'not_ready',
      checks: Object.fromEntries(checks),
    })
  })

  return router
}

const runCheck = async ([name, check]: [string, () => Promise<unknown>]) => [
  name,
  await answerWithin(check(), CHECK_TIMEOUT_MS, 'no answer').then(
    () => 'ok',
    () => 'failed',
  ),
]
