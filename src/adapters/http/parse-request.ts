import express, { type Request, type RequestHandler, type Response } from 'express'
import type { z } from 'zod'
import {
  MAX_BODY_BYTES,
  MAX_HOOK_BYTES,
  MAX_IMAGE_BYTES,
  MAX_IMAGE_JSON_BYTES,
  MAX_JSON_DEPTH,
  MAX_JSON_PARTS,
  MAX_TELEMETRY_BYTES,
} from '../../contract/limits.ts'
import { imageMimeTypeSchema } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import { readText } from './read-text.ts'

/** Parses a JSON body; anything else is `unsupported_media_type`. */
export const jsonBody = (limit = MAX_BODY_BYTES): RequestHandler[] => [
  requireContentType(['application/json'], 'application/json'),
  ...jsonText(limit),
]

/** The same with an image in it. */
export const imageJsonBody = (): RequestHandler[] => jsonBody(MAX_IMAGE_JSON_BYTES)

/** Parses a small JSON body that may call itself text, as `navigator.sendBeacon` sends it across origins. */
export const beaconBody = (): RequestHandler[] => [
  requireContentType(['application/json', 'text/plain'], 'application/json or text/plain'),
  ...jsonText(MAX_TELEMETRY_BYTES),
]

/** Takes JSON as text, to be parsed by `parseJson`. */
export const jsonTextBody = (limit: number): RequestHandler[] => [
  requireContentType(['application/json'], 'application/json'),
  readText(limit),
]

/** Takes JSON as it was sent, to the byte: a signature is of these. */
export const signedBody = (limit = MAX_BODY_BYTES): RequestHandler[] => [
  requireContentType(['application/json'], 'application/json'),
  express.raw({ limit, type: () => true }),
]

/** The same with an image in it. */
export const signedImageBody = (): RequestHandler[] => signedBody(MAX_HOOK_BYTES)

/** Takes an image as the whole body. */
export const imageBody = (): RequestHandler[] => [
  requireContentType(imageMimeTypeSchema.options, imageMimeTypeSchema.options.join(', ')),
  express.raw({ limit: MAX_IMAGE_BYTES, type: () => true }),
]

/**
 * JSON whose size is known to be bounded. Its shape is looked at first: a million fields cost seconds to check one by one, and
 * a few thousand levels more than there is stack. Throws `malformed_json`, and `invalid_request` for such a shape.
 */
export const parseJson = (text: string): unknown => {
  checkShape(text)
  try {
    return JSON.parse(text)
  } catch {
    throw new AppError('malformed_json', 'The body is not valid JSON.')
  }
}

/** A body as a schema has it. Throws `ZodError`, which has nothing of the body but the names of its fields. */
export const parseBody = <Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): z.output<Schema> => schema.parse(body, { error: explainMissing })

const explainMissing = ({ code, input }: { code?: string; input?: unknown }) =>
  code === 'invalid_type' && input === undefined ? 'is required' : undefined

/** Refuses a NUL in the address: nothing of ours has one in its name, and Postgres takes none. */
export const refuseNul: RequestHandler = (req, _res, next) => {
  if (!req.url.includes('%00')) return next()
  if (req.path.includes('%00')) throw new AppError('not_found', 'There is nothing at this address.')
  const [name] = Object.entries(req.query).find((pair) => String(pair).includes('\u0000')) ?? ['']
  const message = `${name} must not contain a NUL character.`
  throw new AppError('invalid_request', message, { pointer: `?${name}` })
}

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

/**
 * Seconds from `Prefer: wait=N` (RFC 7240), lowered to `maxSeconds`, which is also what `wait` without a number asks for; undefined
 * when not asked for.
 */
export const parsePreferWait = (req: Request, maxSeconds: number): number | undefined => {
  const prefer = req.get('Prefer')
  const wait = prefer?.split(/[,;]/).find((preference) => /^\s*wait\s*(=|$)/i.test(preference))
  if (wait === undefined) return undefined
  // An empty value is none (RFC 7240, section 2).
  if (/^\s*wait\s*(=\s*"")?\s*$/i.test(wait)) return maxSeconds
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

const jsonText = (limit: number): RequestHandler[] => [
  readText(limit),
  (req, _res, next) => {
    if (typeof req.body === 'string') req.body = req.body === '' ? {} : parseJson(req.body)
    next()
  },
]

/** 14 MB of it in some 20 ms. */
const checkShape = (text: string): void => {
  let depth = 0
  let parts = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') at = findEndOfString(text, at)
    else if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    else if (character === ',') parts++
    if (depth > MAX_JSON_DEPTH) throw badShape(`must not be deeper than ${MAX_JSON_DEPTH} levels`)
    if (parts > MAX_JSON_PARTS) throw badShape(`must have at most ${MAX_JSON_PARTS} fields`)
  }
}

const findEndOfString = (text: string, start: number): number => {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text[at - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return at
  }
  return text.length
}

const badShape = (message: string) =>
  new AppError('invalid_request', `The body ${message}.`, { pointer: '' })

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
