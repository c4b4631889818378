import { Router } from 'express'
import { answerWithin } from '../../../lib/time.ts'
import type { HttpContext } from '../http-context.ts'

/** Each part that a ready server needs, by name; rejects when it does not answer. */
export type ReadinessChecks = Record<string, () => Promise<unknown>>

const CHECK_TIMEOUT_MS = 1_500

/**
 * `/livez`: the process answers. `/readyz`: it takes requests, since it is not stopping and one of the two stores that a
 * request can wait in answers; what does not is named.
 */
export const createHealthRoutes = (
  { shutdown }: Pick<HttpContext, 'shutdown'>,
  readinessChecks: ReadinessChecks,
): Router => {
  const router = Router()

  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok' })
  })

  router.get('/readyz', async (_req, res) => {
    const checks = shutdown.aborted
      ? [['process', 'failed']]
      : await Promise.all(Object.entries(readinessChecks).map(runCheck))
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
  await answerWithin(check(), CHECK_TIMEOUT_MS, 'no answer').then(
    () => 'ok',
    () => 'failed',
  ),
]
