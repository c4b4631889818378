import { type Request, type Response, Router } from 'express'
import { DatabaseAway } from '../../../../db/away.ts'
import { isTerminal } from '../../../contract/vocabulary.ts'
import { waitForTerminal } from '../../../generation/read/follow.ts'
import { findShownImage, type ShownImage } from '../../../generation/read/images.ts'
import { isPresumed, presumeRow } from '../../../generation/submit/deferred-submission.ts'
import { AppError } from '../../../lib/errors.ts'
import type { Principal } from '../auth.ts'
import { type HttpContext, whileConnected } from '../http-context.ts'
import { toRatio } from '../placeholder.ts'
import { parseQueryWait } from '../prefer.ts'
import { type PermittedBy, sendBytes, sendObject } from '../send-object.ts'
import { parseThumbnailQuery } from '../thumbnail-query.ts'

/** An id that the caller may see, and by what. */
type Permission = { id: string; by: PermittedBy }

/** The URL that always works: `/images/<id>.<signature>`, or the bare id with the owner's token. */
export const createImageFileRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.get('/:file', async (req, res) => {
    const waitSeconds = parseQueryWait(req)
    const size = parseThumbnailQuery(req)
    const { id, by } = await authorize(context, req)
    let shown = await findShown(context, id)
    const { generation } = shown ?? {}
    const isUnderWay = generation && !isTerminal(generation.status) && !isPresumed(generation)
    if (isUnderWay && waitSeconds > 0) {
      const limits = { timeoutMs: waitSeconds * 1_000, signal: whileConnected(context, res) }
      await waitForTerminal(context, id, limits)
      shown = await findShown(context, id)
    }
    if (!shown) throw notFound()
    res.set({ 'Cross-Origin-Resource-Policy': 'cross-origin', 'Access-Control-Allow-Origin': '*' })
    if (
      !(shown.object && (await sendObject(context, req, res, { object: shown.object, by, size })))
    ) {
      await sendPlaceholder(context, res, shown)
    }
  })

  return router
}

/**
 * What the id shows. A picture that is asked for never ends in an error for a store's sake: while Postgres does not
 * answer, what is known is that nothing can be shown yet.
 */
const findShown = async (
  { db, findParked }: HttpContext,
  id: string,
): Promise<Shown | undefined> => {
  try {
    const shown = await findShownImage(db, id)
    if (shown) return shown
  } catch (error) {
    if (error instanceof DatabaseAway) return NOTHING_YET
    throw error
  }
  const parked = await findParked(id).catch(() => undefined)
  return parked && { ownerId: parked.generation.ownerId, generation: presumeRow(parked) }
}

type Shown = ShownImage & { isUnknown?: boolean }

const NOTHING_YET: Shown = { ownerId: '', isUnknown: true }

/** The id, when the signature is right or the caller is its owner. Every other case is the same 404. */
const authorize = async (context: HttpContext, req: Request): Promise<Permission> => {
  const [, id, signature] =
    /^([gi]_[0-9a-f]{40})(?:\.([\w-]+))?$/.exec(String(req.params.file)) ?? []
  if (!id) throw notFound()
  if (signature !== undefined) {
    if (context.signer.verify(id, signature)) return { id, by: 'signature' }
    throw notFound()
  }
  const principal = await findPrincipal(context, req)
  const shown = principal && (await findShown(context, id))
  if (shown?.isUnknown) throw new DatabaseAway()
  if (shown && (shown.ownerId === principal.ownerId || principal.isAdmin))
    return { id, by: 'token' }
  throw notFound()
}

/** Whoever is not signed in sees what a stranger sees; keys that are away are trouble that passes. */
const findPrincipal = (context: HttpContext, req: Request): Promise<Principal | undefined> =>
  context.identify(req).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'unauthenticated') return undefined
    throw error
  })

const sendPlaceholder = async (
  { placeholder }: HttpContext,
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
