import { type RequestHandler, Router } from 'express'
import { type HttpContext, principalOf } from '../../adapters/http/http-context.ts'
import { assertOperator } from '../../adapters/http/scope.ts'
import type { ServerStatus } from '../../contract/server-status.ts'

/** What operators look at: how the server fares, and how it is set. */
export const createOperatorRoutes = (context: HttpContext): Router => {
  const { operators, info, store } = context
  const router = Router()

  router.get('/status', operatorsOnly, async (_req, res) => {
    const [lanes, workers] = await Promise.all([operators.measureQueue(), operators.findWorkers()])
    const { version, provider } = info
    const status = { version, provider, ...operators.parts, store: store.kind, lanes, workers }
    res.set('Cache-Control', 'no-store').json(status satisfies ServerStatus)
  })

  router.get('/settings', operatorsOnly, (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ settings: operators.settings })
  })

  return router
}

const operatorsOnly: RequestHandler = (_req, res, next) => {
  assertOperator(principalOf(res))
  next()
}
