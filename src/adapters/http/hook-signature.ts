import type { IncomingHttpHeaders } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { AppError } from '../../lib/errors.ts'

export type HookSecret = { source: string; secret: string }

/**
 * Whose hook it is: the source under whose secret the exact body is signed, within five minutes of its time
 * (standardwebhooks.com). Throws `unauthenticated`.
 */
export const verifyHook = (
  secrets: readonly HookSecret[],
  headers: IncomingHttpHeaders,
  body: string,
): { source: string; webhookId: string } => {
  const { 'webhook-id': webhookId, 'webhook-timestamp': timestamp } = headers
  const isTimed = SECONDS.test(String(timestamp))
  const signed = secrets.find(({ secret }) => isTimed && isSignedWith(secret, headers, body))
  if (signed && typeof webhookId === 'string' && webhookId.length <= MAX_ID_CHARACTERS) {
    return { source: signed.source, webhookId }
  }
  throw new AppError(
    'unauthenticated',
    'Sign the body as Standard Webhooks has it: webhook-id, webhook-timestamp (within 5 minutes) and webhook-signature.',
    { pointer: 'webhook-signature' },
  )
}

const MAX_ID_CHARACTERS = 200

/** The library takes whatever begins with a number. */
const SECONDS = /^[1-9]\d{0,11}$/

const isSignedWith = (secret: string, headers: IncomingHttpHeaders, body: string): boolean => {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>, { jsonParse: false })
    return true
  } catch {
    return false
  }
}
