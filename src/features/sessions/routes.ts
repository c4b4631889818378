import { Router } from 'express'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { jsonBody, parseBody } from '../../adapters/http/parse-request.ts'
import { requireOperator } from '../../adapters/http/scope.ts'
import { sessionEndSchema } from '../../contract/session.ts'

/** For operators: an owner's sessions end, all that have begun until now. */
export const createSessionEndRoutes = (
  endAllOf: (ownerId: string) => Promise<void>,
): MountedRoutes => {
  const router = Router()

  router.post('/end', requireOperator, ...jsonBody(), async (req, res) => {
    const { ownerId } = parseBody(sessionEndSchema, req.body)
    await endAllOf(ownerId)
    res.status(204).end()
  })

  return { path: '/api/sessions', access: 'token', handler: router }
}
