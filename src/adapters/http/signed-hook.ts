import type { Request } from 'express'
import type { HookDelivery } from '../../generation/submit/hook-delivery.ts'
import { AppError } from '../../lib/errors.ts'
import { type HookSecret, verifyHook } from './hook-signature.ts'

/** Whose hook a request is, and what was signed. Throws `unauthenticated`; `not_found` where there are no hooks. */
export const readSignedHook = (
  secrets: readonly HookSecret[],
  req: Request,
): { delivery: HookDelivery; text: string } => {
  if (secrets.length === 0) {
    throw new AppError('not_found', 'Hooks are off: the server has no HOOK_SECRETS.')
  }
  const text = decodeBody(req.body)
  return { delivery: verifyHook(secrets, req.headers, text), text }
}

/** Two bodies must not be one text, or the signature of the one would be good for the other. */
const decodeBody = (body: Buffer | undefined): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new AppError('malformed_json', 'The body is not UTF-8.')
  }
}
