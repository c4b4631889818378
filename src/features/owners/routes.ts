import { type Request, type RequestHandler, type Response, Router } from 'express'
import { principalOf } from '../../adapters/http/auth.ts'
import type { HttpContext } from '../../adapters/http/http-context.ts'
import { sendUncached } from '../../adapters/http/json.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { assertOperator } from '../../adapters/http/scope.ts'
import { ownerIdSchema } from '../../contract/text.ts'
import { AppError } from '../../lib/errors.ts'
import { beginErasure, findErasure } from './erasures.ts'
import { presentErasure } from './present.ts'

export type OwnerRoutesDeps = {
  sendExport: (ownerId: string, req: Request, res: Response) => Promise<void>
  /** Throws `erasure_under_way`. */
  assertNotErasing: (ownerId: string) => void
}

type Owner = { ownerId: string; askedBy: 'owner' | 'operator' }

/**
 * What an owner may ask of what is kept of them, and operators of any owner (GDPR articles 15, 17 and 20), and the
 * gate that refuses what would make something new of an owner that is being erased.
 */
export const createOwnerRoutes = (
  { db }: HttpContext,
  { sendExport, assertNotErasing }: OwnerRoutesDeps,
): MountedRoutes => {
  const router = Router()

  const mount = (path: string, findOwner: (req: Request, res: Response) => Owner): void => {
    router.delete(path, async (req, res) => {
      const { ownerId, askedBy } = findOwner(req, res)
      const erasure = await beginErasure(db, ownerId, askedBy)
      res.status(202).location(`${req.baseUrl}${req.path}/erasure`).json(presentErasure(erasure))
    })

    router.get(`${path}/erasure`, async (req, res) => {
      const erasure = await findErasure(db, findOwner(req, res).ownerId)
      if (!erasure) throw new AppError('not_found', 'Nothing was erased of this owner.')
      sendUncached(res, presentErasure(erasure))
    })

    router.get(`${path}/export`, async (req, res) => {
      await sendExport(findOwner(req, res).ownerId, req, res)
    })
  }

  mount('/me', (_req, res) => ({ ownerId: principalOf(res).ownerId, askedBy: 'owner' }))
  mount('/owners/:id', (req, res) => {
    assertOperator(principalOf(res))
    const owner = ownerIdSchema.safeParse(req.params.id)
    if (!owner.success) throw new AppError('invalid_request', 'The path must name an owner.')
    return { ownerId: owner.data, askedBy: 'operator' }
  })

  return {
    path: '/api',
    access: 'token',
    handler: router,
    gate: refuseWhileErasing(assertNotErasing),
  }
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The erasure itself may be asked for again. */
const refuseWhileErasing =
  (assertNotErasing: (ownerId: string) => void): RequestHandler =>
  (req, res, next) => {
    const isErasure = req.method === 'DELETE' && req.path === '/me'
    if (!READS.has(req.method) && !isErasure) assertNotErasing(principalOf(res).ownerId)
    next()
  }
