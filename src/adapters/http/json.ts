import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'

/** Answers a GET with a strong ETag over the exact body, or 304 when the caller has it already. */
export const sendWithETag = (req: Request, res: Response, body: unknown): void => {
  const text = JSON.stringify(body)
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
  res.set({ ETag: etag, 'Cache-Control': 'private, no-cache' })
  if (matches(req.get('If-None-Match'), etag)) res.status(304).end()
  else res.type('application/json').send(text)
}

/** Answers with what is so only at this moment. */
export const sendUncached = (res: Response, body: object): void => {
  res.set('Cache-Control', 'no-store').json(body)
}

/** RFC 9110, section 13.1.2: any of the listed tags, compared weakly. */
export const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch
    ?.split(',')
    .map((tag) => tag.trim().replace(/^W\//, ''))
    .some((tag) => tag === etag || tag === '*') ?? false
