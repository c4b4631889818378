import express, { type Request, type RequestHandler, type Response } from 'express'
import type { z } from 'zod'
import { MAX_HOOK_BYTES, MAX_IMAGE_BYTES, MAX_TELEMETRY_BYTES } from '../../contract/limits.ts'
import { imageMimeTypeSchema } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'

/** The largest image in base64, and room for the other fields. */
const MAX_JSON_BYTES = Math.ceil((MAX_IMAGE_BYTES * 4) / 3) + 64 * 1024

/** Parses a JSON body; anything else is `unsupported_media_type`. */
export const jsonBody = (): RequestHandler[] => [
  requireContentType(['application/json'], 'application/json'),
  express.json({ limit: MAX_JSON_BYTES, strict: false }),
]

/** Parses a small JSON body that may call itself text, as `navigator.sendBeacon` sends it across origins. */
export const beaconBody = (): RequestHandler[] => [
  requireContentType(['application/json', 'text/plain'], 'application/json or text/plain'),
  express.json({ limit: MAX_TELEMETRY_BYTES, strict: false, type: () => true }),
]

/** Takes JSON as it was sent, to the byte: a signature is of these. */
export const signedBody = (): RequestHandler[] => [
  requireContentType(['application/json'], 'application/json'),
  express.raw({ limit: MAX_HOOK_BYTES, type: () => true }),
]

/** Takes an image as the whole body. */
export const imageBody = (): RequestHandler[] => [
  requireContentType(imageMimeTypeSchema.options, imageMimeTypeSchema.options.join(', ')),
  express.raw({ limit: MAX_IMAGE_BYTES, type: () => true }),
]

/** The `Idempotency-Key` header, quoted or bare, 1 to 255 visible ASCII characters. */
export const parseIdempotencyKey = (req: Request): string | undefined => {
  const header = req.get('Idempotency-Key')
  if (header === undefined) return undefined
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new AppError(
    'invalid_request',
    'Idempotency-Key must be 1 to 255 visible ASCII characters, quoted or bare.',
    { pointer: 'Idempotency-Key' },
  )
}

/** Seconds from `Prefer: wait=N` (RFC 7240), lowered to `maxSeconds`; undefined when not asked for. */
export const parsePreferWait = (req: Request, maxSeconds: number): number | undefined => {
  const prefer = req.get('Prefer')
  const wait = prefer?.split(/[,;]/).find((preference) => /^\s*wait\s*(=|$)/i.test(preference))
  if (wait === undefined) return undefined
  const value = /^\s*wait\s*=\s*"?([^"\s]*)"?\s*$/i.exec(wait)?.[1] ?? ''
  return Math.min(parseSeconds(value, 'Prefer'), maxSeconds)
}

/** Seconds from `?wait=N`, lowered to `maxSeconds`; 0 when not asked for. */
export const parseQueryWait = ({ query }: Request, maxSeconds: number): number =>
  query.wait === undefined ? 0 : Math.min(parseSeconds(String(query.wait), '?wait'), maxSeconds)

export const setPreferenceApplied = (res: Response, waitSeconds: number | undefined): void => {
  if (waitSeconds !== undefined) res.set('Preference-Applied', `wait=${waitSeconds}`)
}

/** The query as a schema has it; parameters that it does not name are somebody else's. Throws `invalid_request`. */
export const parseQuery = <Schema extends z.ZodType>(
  req: Request,
  schema: Schema,
): z.output<Schema> => {
  const parsed = schema.safeParse(req.query)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const name = String(issue?.path[0] ?? '')
  throw new AppError('invalid_request', `${name} ${issue?.message}`, { pointer: `?${name}` })
}

const requireContentType =
  (types: readonly string[], expected: string): RequestHandler =>
  (req, _res, next) => {
    const type = req.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
    if (!types.includes(type)) {
      throw new AppError('unsupported_media_type', `Content-Type must be ${expected}.`, {
        pointer: 'Content-Type',
      })
    }
    next()
  }

const parseSeconds = (text: string, pointer: string): number => {
  if (!/^\d{1,9}$/.test(text)) {
    throw new AppError(
      'invalid_request',
      'wait must be a whole number of seconds, as in wait=30.',
      {
        pointer,
      },
    )
  }
  return Number(text)
}
