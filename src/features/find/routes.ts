import { Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { parseQuery } from '../../adapters/http/parse-request.ts'
import { ERROR_CODES } from '../../adapters/http/problem.ts'
import { type Found, findQuerySchema } from '../../contract/find.ts'
import { findByText, findOwners } from './find.ts'

/** Whatever has what was typed: for who does not know where it is. */
export const createFindRoutes = ({ db, answerGeneration }: HttpContext): MountedRoutes => {
  const router = Router()
  router.get('/', async (req, res) => {
    const { q } = parseQuery(req, findQuerySchema)
    const { ownerId, isAdmin } = principalOf(res)
    const [rows, owners] = await Promise.all([
      findByText(db, isAdmin ? undefined : ownerId, q),
      isAdmin ? findOwners(db, q) : [],
    ])
    const word = q.toLowerCase().replaceAll(/[\s-]+/g, '_')
    const body: Found = {
      generations: await Promise.all(rows.map((row) => answerGeneration(req, row))),
      owners,
      errors: ERROR_CODES.filter((code) => code.includes(word)).slice(0, MAX_ERRORS),
    }
    sendUncached(res, body)
  })
  return { path: '/api/find', access: 'token', handler: router }
}

const MAX_ERRORS = 5
