import type { JWTPayload } from 'jose'

type Verify = (token: string) => Promise<JWTPayload>

/** A key that is withdrawn goes on being trusted for as long. */
const REMEMBERED_MS = 60_000
const MAX_TOKENS = 10_000

/**
 * Verifies each token once a minute: a signature costs an eighth of an answer (docs/performance.md), and more where
 * it is asymmetric. A remembered token ends when it expires; one that was refused is not remembered.
 */
export const rememberVerified = (verify: Verify, now: () => number = Date.now): Verify => {
  const verified = new Map<string, { payload: JWTPayload; untilMs: number }>()
  return async (token) => {
    const known = verified.get(token)
    if (known && now() < known.untilMs) return known.payload
    verified.delete(token)
    const payload = await verify(token)
    const expiresMs = payload.exp === undefined ? Infinity : payload.exp * 1_000
    const [oldest] = verified.keys()
    if (verified.size >= MAX_TOKENS && oldest !== undefined) verified.delete(oldest)
    verified.set(token, { payload, untilMs: Math.min(now() + REMEMBERED_MS, expiresMs) })
    return payload
  }
}
