import {
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  sign,
} from 'node:crypto'

/** DER of an Ed25519 private key up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_START = Buffer.from('302e020100300506032b657004220420', 'hex')
const SEED_BYTES = 32

export type FalSigner = ReturnType<typeof createFalSigner>

/**
 * Signs webhooks as fal does: Ed25519 over the request's id, the user's, the time in seconds and the body's SHA-256 in hex, a line
 * each. The key is derived from the server's secret, so that all processes have the same and nothing is kept. The first of several
 * secrets signs; the public keys of all are told, so that one that is to come is known before it signs.
 */
export const createFalSigner = (secrets: readonly [string, ...string[]]) => {
  const [current] = secrets
  const privateKey = deriveKey(current)
  const keys = secrets.map((secret) => toJwk(deriveKey(secret)))

  const signWebhook = ({ requestId, userId, at, body }: ToSign): Record<string, string> => {
    const timestamp = String(Math.floor(at.getTime() / 1_000))
    const digest = createHash('sha256').update(body).digest('hex')
    const message = [requestId, userId, timestamp, digest].join('\n')
    return {
      'x-fal-webhook-request-id': requestId,
      'x-fal-webhook-user-id': userId,
      'x-fal-webhook-timestamp': timestamp,
      'x-fal-webhook-signature': sign(null, Buffer.from(message), privateKey).toString('hex'),
    }
  }
  return { signWebhook, jwks: { keys } }
}

type ToSign = { requestId: string; userId: string; at: Date; body: string }

const deriveKey = (secret: string): KeyObject => {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'imageonce fal webhooks', SEED_BYTES))
  const key = Buffer.concat([PKCS8_START, seed])
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

/** The public part alone. */
const toJwk = (privateKey: KeyObject): Record<string, string> => {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const kid = createHash('sha256').update(x).digest('hex').slice(0, KID_HEX_DIGITS)
  return { kty: 'OKP', crv: 'Ed25519', x, kid, use: 'sig', alg: 'EdDSA' }
}

const KID_HEX_DIGITS = 16
