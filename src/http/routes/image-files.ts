import { type Request, type Response, Router } from 'express'
import { isTerminal } from '../../contract/vocabulary.ts'
import { AppError } from '../../errors.ts'
import { askDatabase, DatabaseAway } from '../../generation/database-away.ts'
import { waitForTerminal } from '../../generation/follow.ts'
import { findShownImage, type ShownImage } from '../../generation/images.ts'
import { isPresumed, presumeRow } from '../../generation/park.ts'
import type { EncodedImage } from '../../generation/ports.ts'
import type { Principal } from '../auth.ts'
import { type HttpContext, whileConnected } from '../http-context.ts'
import { matches } from '../json.ts'
import { parseQueryWait } from '../prefer.ts'
import { toRatio } from '../stand-in.ts'

const IMMUTABLE = 'max-age=31536000, immutable'
/** Without its version a URL may come to show another image: one deleted and made again. */
const UNVERSIONED = 'max-age=60'

/** `signature`: the URL itself is the permission. `token`: it is not, so no shared cache may keep the answer. */
type Permission = { id: string; by: 'signature' | 'token' }

/** The URL that always works: `/images/<id>.<signature>`, or the bare id with the owner's token. */
export const createImageFileRoutes = (context: HttpContext): Router => {
  const router = Router()

  router.get('/:file', async (req, res) => {
    const waitSeconds = parseQueryWait(req)
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
    if (!(shown.object && (await sendObject(context, req, res, shown.object, by)))) {
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
    const shown = await askDatabase(() => findShownImage(db, id))
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

/** False when the store does not have what the row promises, or does not answer: the URL shows the stand-in. */
const sendObject = async (
  { store, logger, onImageMissing }: HttpContext,
  req: Request,
  res: Response,
  { key, version }: NonNullable<ShownImage['object']>,
  by: Permission['by'],
): Promise<boolean> => {
  const etag = `"${version}"`
  const scope = by === 'signature' ? 'public' : 'private'
  const caching = `${scope}, ${req.query.v === version ? IMMUTABLE : UNVERSIONED}`
  if (matches(req.get('If-None-Match'), etag)) {
    res.set({ ETag: etag, 'Cache-Control': caching }).status(304).end()
    return true
  }
  const direct = await store.findUrl(key)
  if (direct) {
    const maxAge = direct.expiresInSeconds && Math.floor(direct.expiresInSeconds / 2)
    res
      .set('Cache-Control', maxAge ? `private, max-age=${maxAge}` : caching)
      .redirect(302, direct.url)
    return true
  }
  const image = await store.find(key).catch((err: unknown) => {
    logger.error({ objectKey: key, err }, 'the image store does not give an image')
    return null
  })
  if (image === undefined) await onImageMissing(key)
  if (!image) return false
  sendBytes(res.set({ ETag: etag, 'Cache-Control': caching }), image)
  return true
}

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

const sendBytes = (res: Response, image: EncodedImage): void => {
  res
    .type(image.mimeType)
    .send(Buffer.from(image.bytes.buffer, image.bytes.byteOffset, image.bytes.byteLength))
}

const notFound = () => new AppError('not_found', 'There is no image at this address.')
