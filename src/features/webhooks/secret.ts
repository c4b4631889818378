import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { WebhookEndpointRow } from '../../../db/schema.ts'

/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32

export const createSecret = (): string => `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`

/** `webhook-signature`: one under the secret, and one under that before it for as long as it holds. */
export const signWebhook = (
  { secret, previousSecret, previousSecretExpiresAt }: WebhookEndpointRow,
  { id, at, body }: { id: string; at: Date; body: string },
): string => {
  const isPreviousValid = previousSecretExpiresAt && previousSecretExpiresAt > at
  return [secret, ...(isPreviousValid && previousSecret ? [previousSecret] : [])]
    .map((each) => new Webhook(each).sign(id, at, body))
    .join(' ')
}
