import { Router } from 'express'
import { messageOf } from '../../errors.ts'
import type { HttpContext } from '../http-context.ts'

const CHECK_TIMEOUT_MS = 2_000

/** `/livez`: the process answers. `/readyz`: its parts answer too, and it is not stopping. */
export const createHealthRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.get('/livez', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok' })
  })

  router.get('/readyz', async (_req, res) => {
    const checks = await Promise.all(
      Object.entries(context.readinessChecks).map(async ([name, check]) => [
        name,
        await withTimeout(check()).then(() => 'ok', messageOf),
      ]),
    )
    if (context.shutdown.aborted) checks.push(['process', 'stopping'])
    const isReady = checks.every(([, result]) => result === 'ok')
    res.set('Cache-Control', 'no-store')
    res.status(isReady ? 200 : 503).json({
      status: isReady ? 'ok' : 'not_ready',
      checks: Object.fromEntries(
        checks.map(([name, result]) => [name, result === 'ok' ? 'ok' : 'failed']),
      ),
    })
  })

  return router
}

const withTimeout = (check: Promise<unknown>): Promise<unknown> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), CHECK_TIMEOUT_MS)
  })
  return Promise.race([check, timeout]).finally(() => clearTimeout(timer))
}
