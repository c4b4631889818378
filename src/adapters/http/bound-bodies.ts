import type { Request, RequestHandler, Response } from 'express'
import { MAX_BODY_BYTES, MAX_IMAGE_JSON_BYTES } from '../../contract/limits.ts'
import type { ByteBudget } from '../../lib/byte-budget.ts'

/** Whose a request is. */
type FindWho = (req: Request, res: Response) => string

/**
 * Lets a large body be read only when there is memory for it, in turns (ADR 53). It counts until the answer is done, or a route has
 * said by `letGoOfBody` that it needs the body no more.
 */
export const boundBodies =
  (budget: ByteBudget, findWho: FindWho, maxBytes = MAX_IMAGE_JSON_BYTES): RequestHandler =>
  async (req, res, next) => {
    const bytes = countBytes(req, maxBytes)
    if (bytes <= MAX_BODY_BYTES) return next()
    const release = await budget.take(bytes, findWho(req, res))
    res.locals.releaseBody = release
    res.once('close', release)
    if (res.closed) release()
    else next()
  }

/** The request's body is not looked at any more, however long its answer takes. */
export const letGoOfBody = (req: Request, res: Response): void => {
  req.body = undefined
  res.locals.releaseBody?.()
}

/** One that does not say how long it is may be as long as the longest. */
const countBytes = ({ headers }: Request, maxBytes: number): number => {
  const length = headers['content-length']
  if (length === undefined) return 'transfer-encoding' in headers ? maxBytes : 0
  return Math.min(Number(length), maxBytes)
}
