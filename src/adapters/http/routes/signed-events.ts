import { type Request, type RequestHandler, type Response, Router } from 'express'
import { isGenerationId } from '../../../contract/identity.ts'
import type { DeferredSubmission } from '../../../generation/submit/deferred-submission.ts'
import { AppError } from '../../../lib/errors.ts'
import { EXPOSED_HEADERS, PREFLIGHT_MAX_AGE_SECONDS } from '../cors.ts'
import type { HttpContext } from '../http-context.ts'
import type { ImageSigner } from '../image-urls.ts'
import type { MountedRoutes } from '../mounted-routes.ts'
import { findKnownGeneration } from '../own-generation.ts'
import { SESSION_COOKIE } from '../sessions.ts'
import type { OpenStream } from '../sse.ts'

type Deps = {
  signer: ImageSigner
  /** The request that waits in the queue for Postgres, if it does. */
  findDeferred: (generationId: string) => Promise<DeferredSubmission | undefined>
  openStream: OpenStream
}

/**
 * A generation's events for whoever has their URL: an `EventSource` can send no token, so the URL is signed. It shows this one
 * generation, and neither others nor a URL that lasts longer. What comes without a signature goes on to where tokens are asked for.
 */
export const createSignedEventRoutes = (http: HttpContext, deps: Deps): MountedRoutes => {
  const router = Router()
  const lookup = { db: http.db, findDeferred: deps.findDeferred }

  const follow: RequestHandler = async (req, res, next) => {
    if (req.query.signature === undefined || hasToken(req)) return next()
    const id = String(req.params.id)
    const isPermitted = isSigned(deps.signer, id, req)
    if (!isPermitted && hasSession(req)) return next()
    allowAnyOrigin(res)
    if (!isPermitted) throw isOver()
    res.locals.generationId = id
    const row = await findKnownGeneration(lookup, id)
    if (!row) throw new AppError('not_found', 'There is no generation with this id.')
    if (req.method === 'HEAD') return void res.type('text/event-stream').end()
    await deps.openStream(req, res, row, {
      reader: {
        urls: http.urlsFor(req),
        showsOwner: false,
        signsEvents: false,
        showsOthers: false,
      },
      // Apart from those of the owner's own: whoever has the URL can open one.
      who: `events of ${row.ownerId}`,
    })
  }
  router.get('/:id/events', follow)

  // An `EventSource` asks for no leave; what stands in for one by `fetch` does, for its headers.
  router.options('/:id/events', (req, res) => {
    if (!isSigned(deps.signer, req.params.id, req)) throw isOver()
    allowAnyOrigin(res)
    res.set({
      'Access-Control-Allow-Methods': 'GET, HEAD',
      'Access-Control-Allow-Headers': req.get('Access-Control-Request-Headers') ?? '',
      'Access-Control-Max-Age': String(PREFLIGHT_MAX_AGE_SECONDS),
    })
    res.vary('Access-Control-Request-Headers').status(204).end()
  })

  return { path: '/api/generations', access: 'own', handler: router }
}

const isSigned = (signer: ImageSigner, id: string, { query }: Request): boolean =>
  isGenerationId(id) &&
  typeof query.signature === 'string' &&
  signer.verifyEvents(id, query.signature, query.exp)

/** Where a token or a key came in a header, that says who reads, and what. */
const hasToken = ({ headers }: Request): boolean =>
  headers.authorization !== undefined ||
  headers['x-api-key'] !== undefined ||
  headers['x-goog-api-key'] !== undefined

const hasSession = ({ headers }: Request): boolean =>
  headers.cookie?.includes(SESSION_COOKIE) === true

/** No cookie is wanted, so that `*` is safe. */
const allowAnyOrigin = (res: Response): void => {
  res.set({
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': EXPOSED_HEADERS,
  })
}

const isOver = () =>
  new AppError(
    'unauthenticated',
    'The address of these events is not, or no longer, good: the generation’s answer has a new one.',
  )
