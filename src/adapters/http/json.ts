import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'

/** Answers a GET with a strong ETag over the exact body, or 304 when the caller has it already. */
export const sendWithETag = (req: Request, res: Response, body: unknown): void => {
  const text = JSON.stringify(body)
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
  res.setHeader('ETag', etag)
  res.setHeader('Cache-Control', 'private, no-cache')
  if (matches(req.get('If-None-Match'), etag)) res.status(304).end()
  else sendJsonText(res, text)
}

/** Answers with JSON as Express would, without what ours never is: of another charset, or tagged by Express. */
export const sendJson = (res: Response, body: object): void =>
  sendJsonText(res, JSON.stringify(body))

const sendJsonText = (res: Response, text: string): void => {
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
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
