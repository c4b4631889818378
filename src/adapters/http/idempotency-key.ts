import type { Request } from 'express'
import { AppError } from '../../lib/errors.ts'

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
