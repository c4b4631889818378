import express, { type Request, type RequestHandler } from 'express'
import { MAX_BODY_BYTES } from '../../contract/limits.ts'
import { AppError } from '../../lib/errors.ts'

/**
 * Puts the body as text into `req.body`. What nearly every request sends, a few KB of UTF-8 that say how long they are, is read here;
 * anything else is left to Express, which takes several times as long (ADR 64).
 */
export const readText = (limit: number): RequestHandler => {
  const readAny = express.text({ limit, type: () => true })
  const plainLimit = Math.min(limit, MAX_BODY_BYTES)
  return (req, res, next) => {
    if (isPlain(req, plainLimit)) readPlain(req).then(() => next(), next)
    else readAny(req, res, next)
  }
}

const isPlain = ({ headers }: Request, limit: number): boolean =>
  Number(headers['content-length']) <= limit &&
  headers['content-encoding'] === undefined &&
  /^[\w/+.-]+(; ?charset="?utf-8"?)?$/i.test(headers['content-type'] ?? '')

const readPlain = (req: Request): Promise<void> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.once('end', () => {
      req.body = withoutMark(Buffer.concat(chunks).toString('utf8'))
      resolve()
    })
    req.once('error', () => reject(new AppError('invalid_request', 'The body could not be read.')))
  })

/** A byte order mark is no part of the text (RFC 8259, 8.1). */
const withoutMark = (text: string): string => (text.startsWith('\ufeff') ? text.slice(1) : text)
