import { Router } from 'express'
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
  await withTimeout(check()).then(
    () => 'ok',
    () => 'failed',
  ),
]

const withTimeout = (check: Promise<unknown>): Promise<unknown> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), CHECK_TIMEOUT_MS)
  })
  return Promise.race([check, timeout]).finally(() => clearTimeout(timer))
}
