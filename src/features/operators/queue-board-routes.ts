import { type RequestHandler, Router } from 'express'
import type { Identify } from '../../adapters/http/auth.ts'
import type { MountedRoutes } from '../../adapters/http/mounted-routes.ts'
import { AppError } from '../../lib/errors.ts'

/** A font from elsewhere, which the page asks for and does not need. */
const FOREIGN_FONT = /<link href="https:\/\/fonts\.googleapis\.com[^>]*>/

/** Its pages style themselves inline. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

/** The view into the queues, for operators: they may retry, promote and remove jobs. A removed one comes back from its row. */
export const createQueueBoardRoutes = (
  identify: Identify,
  board: { path: string; handle: RequestHandler },
): MountedRoutes => {
  const router = Router()

  const requireAdmin: RequestHandler = async (req, res, next) => {
    const caller = await identify(req).catch((error: unknown) => {
      const isPage = req.method === 'GET' && req.get('Accept')?.includes('text/html')
      if (isPage && error instanceof AppError && error.code === 'unauthenticated') return undefined
      throw error
    })
    if (!caller) res.redirect('/')
    else if (caller.isAdmin) next()
    else
      throw new AppError('forbidden', 'The queues are for operators: tokens with "role": "admin".')
  }
  const keepAtHome: RequestHandler = (_req, res, next) => {
    res.set({ 'Content-Security-Policy': POLICY, 'Cache-Control': 'no-store' })
    const send = res.send.bind(res)
    res.send = (body) => send(typeof body === 'string' ? body.replace(FOREIGN_FONT, '') : body)
    next()
  }
  router.use(requireAdmin, keepAtHome, board.handle)

  return { path: board.path, access: 'own', handler: router }
}
