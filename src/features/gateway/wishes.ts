import type { Request } from 'express'
import { parseIdempotencyKey } from '../../adapters/http/parse-request.ts'
import { MAX_VARIANT_CHARACTERS } from '../../contract/limits.ts'
import { labelSchema } from '../../contract/text.ts'
import { AppError } from '../../lib/errors.ts'

/** What a caller may say in headers, whatever the body's own words are. */
export type Wishes = {
  skipExistingCheck: boolean
  variant: string | undefined
  idempotencyKey: string | undefined
  /** How often the client says that it has sent the request before. */
  tries: number
}

export const SKIP_EXISTING_HEADER = 'Imageonce-Skip-Existing'
export const VARIANT_HEADER = 'Imageonce-Variant'
/** Sent by the SDKs that Stainless makes, of OpenAI and others. */
const TRIES_HEADER = 'x-stainless-retry-count'

/** The wishes of a request. Throws `invalid_request` that names the header. */
export const parseWishes = (req: Request): Wishes => ({
  skipExistingCheck: parseFlag(req, SKIP_EXISTING_HEADER),
  variant: parseVariant(req.get(VARIANT_HEADER)),
  idempotencyKey: parseIdempotencyKey(req),
  tries: parseTries(req.get(TRIES_HEADER)),
})

const parseFlag = (req: Request, name: string): boolean => {
  const value = req.get(name)?.trim().toLowerCase()
  if (value === undefined || value === 'false') return false
  if (value === 'true') return true
  throw invalid(name, `${name} must be true or false.`)
}

const parseTries = (value: string | undefined): number =>
  /^\d{1,3}$/.test(value ?? '') ? Number(value) : 0

const parseVariant = (value: string | undefined): string | undefined => {
  if (value === undefined) return undefined
  const label = labelSchema(MAX_VARIANT_CHARACTERS).safeParse(value)
  if (label.success) return label.data
  throw invalid(VARIANT_HEADER, `${VARIANT_HEADER} ${label.error.issues[0]?.message}.`)
}

const invalid = (pointer: string, message: string) =>
  new AppError('invalid_request', message, { pointer })
