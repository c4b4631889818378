import { Router } from 'express'
import type { HttpContext } from '../http-context.ts'

const CHECK_TIMEOUT_MS = 2_000

/**
 * `/livez`: the process answers. `/readyz`: it takes requests, since it is not stopping and one of the two stores that a
 * request can wait in answers; what does not is named.
 */
export const createHealthRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok' })
  })

  router.get('/readyz', async (_req, res) => {
    const checks = context.shutdown.aborted
      ? [['process', 'failed']]
      : await Promise.all(Object.entries(context.readinessChecks).map(runCheck))
    const working = checks.filter(([, result]) => result === 'ok').map(([name]) => name)
    const isReady = working.includes('database') || working.includes('queue')
    const status = working.length === checks.length ? 'ok' : 'degraded'
    res.set('Cache-Control', 'no-store')
    res.status(isReady ? 200 : 503).json({
      status: isReady ? status : 'not_ready',
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
