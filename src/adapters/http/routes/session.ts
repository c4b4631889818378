import { Router } from 'express'
import { z } from 'zod'
import { textSchema } from '../../../contract/text.ts'
import { AppError } from '../../../lib/errors.ts'
import { type Authenticate, shownBy } from '../auth.ts'
import { jsonBody, parseBody } from '../parse-request.ts'
import { assertSameOrigin, type Sessions } from '../sessions.ts'

const signInSchema = z.strictObject({ token: textSchema.min(1) })

/** Signing a browser in and out, and who is signed in. Nobody is no error: a page asks before it knows. */
export const createSessionRoutes = (authenticate: Authenticate, sessions: Sessions): Router => {
  const router = Router()
  router.use((_req, res, next) => {
    res.set('Cache-Control', 'no-store')
    next()
  })

  router.post('/', ...jsonBody(), async (req, res) => {
    assertSameOrigin(req)
    const { token } = parseBody(signInSchema, req.body)
    const principal = await authenticate(`Bearer ${token.trim()}`, shownBy(req))
    const expiresAt = await sessions.start(req, res, principal)
    const { ownerId, isAdmin } = principal
    res.status(201).json({ isSignedIn: true, ownerId, isAdmin, expiresAt })
  })

  router.get('/', async (req, res) => {
    const session = await sessions.find(req).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'unauthenticated') return undefined
      throw error
    })
    if (!session) return void res.json({ isSignedIn: false })
    const { ownerId, isAdmin, expiresAt } = session
    res.json({ isSignedIn: true, ownerId, isAdmin, expiresAt })
  })

  router.delete('/', async (req, res) => {
    assertSameOrigin(req)
    await sessions.end(req, res)
    res.status(204).end()
  })

  return router
}
