import { Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { jsonBody, parseBody } from '../../adapters/http/parse-request.ts'
import { requireOperator } from '../../adapters/http/scope.ts'
import { sessionEndSchema } from '../../contract/session.ts'

/** Sessions end, all that have begun until now: one's own, and for operators an owner's. */
export const createSessionEndRoutes = (
  endAllOf: (ownerId: string) => Promise<void>,
): MountedRoutes[] => {
  const router = Router()
  const ofMe = Router()

  router.post('/end', requireOperator, ...jsonBody(), async (req, res) => {
    const { ownerId } = parseBody(sessionEndSchema, req.body)
    await endAllOf(ownerId)
    res.status(204).end()
  })

  ofMe.delete('/', async (_req, res) => {
    await endAllOf(principalOf(res).ownerId)
    res.status(204).end()
  })

  return [
    { path: '/api/sessions', access: 'token', handler: router },
    { path: '/api/me/sessions', access: 'token', handler: ofMe },
  ]
}
