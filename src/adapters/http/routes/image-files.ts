import { type ErrorRequestHandler, type Request, type Response, Router } from 'express'
import { DatabaseAway } from '../../../../db/away.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import type { ImageStore } from '../../../generation/ports.ts'
import {
  findShownImage,
  findVersionedObject,
  type ShownImage,
} from '../../../generation/read/images.ts'
import type { VersionedObject } from '../../../generation/read/thumbnail-keys.ts'
import { isPresumed } from '../../../generation/state/repository.ts'
import {
  type DeferredSubmission,
  presumeRow,
} from '../../../generation/submit/deferred-submission.ts'
import { AppError, type ErrorCode } from '../../../lib/errors.ts'
import type { Identify, Principal } from '../auth.ts'
import { type HttpContext, waitForEnd } from '../http-context.ts'
import type { ImageSigner } from '../image-urls.ts'
import { parseQueryWait } from '../parse-request.ts'
import { type DrawPlaceholder, toRatio } from '../placeholder.ts'
import { type PermittedBy, type SendObjectDeps, sendBytes, sendObject } from '../send-object.ts'
import { parseThumbnailQuery } from '../thumbnail-query.ts'

/** An id that the caller may see, and by what; `unknown`: Postgres, which knows the owner, is away. */
type Permission = { id: string; by: PermittedBy | 'unknown'; until?: Date | undefined }

type Deps = {
  signer: ImageSigner
  identify: Identify
  /** The request that waits in the queue for Postgres, if it does. */
  findDeferred: (generationId: string) => Promise<DeferredSubmission | undefined>
  placeholder: DrawPlaceholder
  /** Called with the id of each image that is shown; of a generation with that. */
  recordAccess: (id: string) => void
  objects: SendObjectDeps & { store: ImageStore }
}

/** The URL that always works: `/images/<id>.<signature>`, or the bare id with the owner's token. */
export const createImageFileRoutes = (http: HttpContext, deps: Deps): Router => {
  const lookup = { db: http.db, findDeferred: deps.findDeferred }
  const router = Router()

  router.get('/:file', async (req, res) => {
    const waitSeconds = parseQueryWait(req, http.maxWaitSeconds)
    const size = parseThumbnailQuery(req)
    const { id, by, until } = await authorize(deps, lookup, req)
    res.set({ 'Cross-Origin-Resource-Policy': 'cross-origin', 'Access-Control-Allow-Origin': '*' })
    if (by === 'unknown') return sendPlaceholder(deps, res, NOTHING_YET)
    let shown = await findShown(lookup, id)
    const { generation } = shown ?? {}
    const isUnderWay = generation && !isTerminal(generation.status) && !isPresumed(generation)
    if (isUnderWay && waitSeconds > 0) {
      // Apart from those of the owner's own: whoever has the URL can wait by it.
      const who = `images of ${generation.ownerId}`
      await waitForEnd(http, res, generation, { who, seconds: waitSeconds })
      shown = await findShown(lookup, id)
    }
    if (!shown) throw notFound()
    const isByUrl = shown.isUnknown && by === 'signature'
    const object = isByUrl ? await findByUrl(deps.objects, id, req.query.v) : shown.object
    const isSent = object && (await sendObject(deps.objects, req, res, { object, by, size, until }))
    if (isSent) deps.recordAccess(id)
    if (!isSent) await sendPlaceholder(deps, res, shown)
  })

  router.use(showPlaceholder(deps))
  return router
}

/** What a caller can mend is told in words; an `<img>` gets a picture whatever else goes wrong. */
const showPlaceholder =
  (deps: Deps): ErrorRequestHandler =>
  async (error: unknown, _req, res, next) => {
    if (res.headersSent || isForCallers(error)) {
      next(error)
      return
    }
    deps.objects.logger.error({ err: error, requestId: res.locals.requestId }, 'failed')
    await sendPlaceholder(deps, res, NOTHING_YET)
  }

const FOR_CALLERS: readonly ErrorCode[] = [
  'not_found',
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'rate_limited',
]

/** Express marks an address that it can't decode by a status. */
const isForCallers = (error: unknown): boolean =>
  error instanceof AppError
    ? FOR_CALLERS.includes(error.code)
    : error instanceof Error && 'status' in error && error.status === 400

/** What the id shows. While Postgres does not answer, what is known is that nothing can be shown yet. */
const findShown = async ({ db, findDeferred }: Lookup, id: string): Promise<Shown | undefined> => {
  try {
    const shown = await findShownImage(db, id)
    if (shown) return shown
  } catch (error) {
    if (error instanceof DatabaseAway) return NOTHING_YET
    throw error
  }
  const deferred = await findDeferred(id).catch(() => undefined)
  return deferred && { ownerId: deferred.generation.ownerId, generation: presumeRow(deferred) }
}

/** While Postgres is away: a URL that names its bytes has them from the store. */
const findByUrl = async (
  { store, logger }: Deps['objects'],
  id: string,
  version: unknown,
): Promise<VersionedObject | undefined> => {
  if (typeof version !== 'string' || !version) return undefined
  try {
    return await findVersionedObject(store, id, version)
  } catch (err) {
    logger.error({ imageId: id, err }, 'the image store does not give an image')
    return undefined
  }
}

type Lookup = Pick<HttpContext, 'db'> & Pick<Deps, 'findDeferred'>

type Shown = ShownImage & { isUnknown?: boolean }

const NOTHING_YET: Shown = { ownerId: '', isUnknown: true }

/** The id, when the signature is right or the caller is its owner. Every other case is the same 404. */
const authorize = async (
  { signer, identify }: Deps,
  lookup: Lookup,
  req: Request,
): Promise<Permission> => {
  const [, id, signature] =
    /^([gi]_[0-9a-f]{40})(?:\.([\w-]+))?$/.exec(String(req.params.file)) ?? []
  if (!id) throw notFound()
  if (signature !== undefined) {
    const { exp } = req.query
    if (!signer.verify(id, signature, exp)) throw notFound()
    const until = exp === undefined ? undefined : new Date(Number(exp) * 1_000)
    return { id, by: 'signature', until }
  }
  const principal = await findPrincipal(identify, req)
  const shown = principal && (await findShown(lookup, id))
  if (shown?.isUnknown) return { id, by: 'unknown' }
  if (shown && (shown.ownerId === principal.ownerId || principal.isAdmin))
    return { id, by: 'token' }
  throw notFound()
}

/** A caller who is not signed in sees what a stranger sees; keys that are away are trouble that passes. */
const findPrincipal = (identify: Identify, req: Request): Promise<Principal | undefined> =>
  identify(req).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'unauthenticated') return undefined
    throw error
  })

const sendPlaceholder = async (
  { placeholder }: Deps,
  res: Response,
  { generation, isUnknown }: Shown,
): Promise<void> => {
  const isPending = isUnknown || (generation !== undefined && !isTerminal(generation.status))
  const image = await placeholder(
    isPending ? 'pending' : 'failed',
    toRatio(generation?.aspectRatio),
  )
  sendBytes(res.set({ 'Cache-Control': 'no-store', 'Imageonce-Placeholder': 'true' }), image)
}

const notFound = () => new AppError('not_found', 'There is no image at this address.')
