import type { Request, Response } from 'express'
import type { ImageStore, OpenedImage, StoredImage } from '../../generation/ports.ts'
import type {
  FindThumbnail,
  Thumbnail,
  ThumbnailSize,
  VersionedObject,
} from '../../generation/read/thumbnail-keys.ts'
import type { Logger } from '../../lib/logger.ts'
import { matches } from './json.ts'
import { giveUpUnread } from './unread-answers.ts'

/** `signature`: the URL itself is the permission. `token`: it is not, so no shared cache may keep the answer. */
export type PermittedBy = 'signature' | 'token'

export type SendObjectDeps = {
  store: Pick<ImageStore, 'find' | 'open' | 'findUrl'>
  findThumbnail: FindThumbnail
  /** Reports an object that the store says it has not; never rejects. */
  onImageMissing: (objectKey: string) => Promise<void>
  logger: Logger
}

type Wanted = {
  object: VersionedObject
  by: PermittedBy
  size: ThumbnailSize | undefined
  until?: Date | undefined
}

const IMMUTABLE = 'max-age=31536000, immutable'
/** Without its version a URL may come to show another image: one deleted and made again. */
const UNVERSIONED = 'max-age=60'

/**
 * Sends an image's object, or a thumbnail of it: the bytes, or a redirect to the store. False when the store does not have
 * what the row promises, or does not answer: the URL shows the placeholder.
 */
export const sendObject = async (
  deps: SendObjectDeps,
  req: Request,
  res: Response,
  { object, by, size, until }: Wanted,
): Promise<boolean> => {
  const { key, version } = object
  const scope = by === 'signature' ? 'public' : 'private'
  // What is to end is kept nowhere beyond that, and told no address that goes on.
  const ending = until && endingAt(until)
  const caching = `${scope}, ${ending ?? (req.query.v === version ? IMMUTABLE : UNVERSIONED)}`
  const isEnding = ending !== undefined
  if (!size) return sendStored(deps, req, res, { key, etag: `"${version}"`, caching, isEnding })
  const etag = `"${version}-${size.width}-${size.format}"`
  if (sendNotModified(req, res, etag, caching)) return true
  const thumbnail = await findThumbnail(deps, object, size)
  if (thumbnail) return sendStored(deps, req, res, { ...thumbnail, etag, caching, isEnding })
  // Larger than asked for, for once: it is asked for again soon.
  const passing = `${scope}, ${ending ?? UNVERSIONED}`
  return sendStored(deps, req, res, { key, etag: `"${version}"`, caching: passing, isEnding })
}

const endingAt = (until: Date): string => {
  const seconds = Math.floor((until.getTime() - Date.now()) / 1_000)
  return `max-age=${Math.max(0, Math.min(seconds, MAX_ENDING_SECONDS))}`
}

const MAX_ENDING_SECONDS = 60

const findThumbnail = (
  { findThumbnail, logger }: SendObjectDeps,
  object: VersionedObject,
  size: ThumbnailSize,
): Promise<Thumbnail | undefined> =>
  findThumbnail(object, size).catch((err: unknown) => {
    logger.error({ objectKey: object.key, err }, 'a thumbnail could not be made')
    return undefined
  })

const sendStored = async (
  { store, logger, onImageMissing }: SendObjectDeps,
  req: Request,
  res: Response,
  {
    key,
    image,
    etag,
    caching,
    isEnding,
  }: Thumbnail & {
    etag: string
    caching: string
    isEnding: boolean
  },
): Promise<boolean> => {
  if (sendNotModified(req, res, etag, caching)) return true
  const direct = isEnding
    ? undefined
    : await store.findUrl(key).catch((err: unknown) => {
        logger.error({ objectKey: key, err }, 'the image store gives no URL')
        return undefined
      })
  if (direct) res.vary('Origin').vary('Sec-Fetch-Mode')
  if (direct && !isReadByScripts(req)) {
    const maxAge = direct.expiresInSeconds && Math.floor(direct.expiresInSeconds / 2)
    // A shared cache that ignores `Vary` would send scripts there too.
    const kept = maxAge ? `private, max-age=${maxAge}` : caching.replace('public', 'private')
    res.set('Cache-Control', kept).redirect(302, direct.url)
    return true
  }
  const found =
    image ??
    (await (store.open ?? store.find)(key).catch((err: unknown) => {
      logger.error({ objectKey: key, err }, 'the image store does not give an image')
      return null
    }))
  if (found === undefined) await onImageMissing(key)
  if (!found) return false
  res.set({ ETag: etag, 'Cache-Control': caching })
  if ('stream' in found) sendStream(res, found)
  else sendBytes(res, found)
  return true
}

/** Holds no more of it than its reader takes. */
const sendStream = (res: Response, { mimeType, sizeBytes, stream }: OpenedImage): void => {
  giveUpUnread(res, sizeBytes)
  res.type(mimeType).set('Content-Length', String(sizeBytes))
  stream.once('error', () => res.destroy())
  res.once('close', () => stream.destroy())
  // Gone while the object was opened: nobody will say so again.
  if (res.closed) stream.destroy()
  else if (res.req.method === 'HEAD') res.end()
  else stream.pipe(res)
}

/**
 * An image that a page may read (`crossorigin`, `fetch`), and not just show. The bucket allows that only where it was set up
 * to, and browsers reuse its answer to `<img>` without the header that allows it: so this one comes from here.
 */
const isReadByScripts = (req: Request): boolean => {
  if (req.get('Origin') !== undefined) return true
  // A page of our own origin. Node's fetch says that it is in this mode too, and not where it is.
  return req.get('Sec-Fetch-Mode') === 'cors' && req.get('Sec-Fetch-Site') !== undefined
}

const sendNotModified = (req: Request, res: Response, etag: string, caching: string): boolean => {
  if (!matches(req.get('If-None-Match'), etag)) return false
  res.set({ ETag: etag, 'Cache-Control': caching }).status(304).end()
  return true
}

/** Sends what may be large; who does not read it is cut off. */
export const sendBytes = (
  res: Response,
  { bytes, mimeType }: Pick<StoredImage, 'bytes'> & { mimeType: string },
): void => {
  giveUpUnread(res, bytes.byteLength)
  res.type(mimeType).send(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
}
