import { createHash } from 'node:crypto'
import { createImageIdempotencyKey, type Identity } from '../../contract/identity.ts'

/** `createImageIdempotencyKey` without WebCrypto's detour through a thread, which costs more than the digest (docs/performance.md). */
export const createFingerprint = (identity: Identity): Promise<string> =>
  createImageIdempotencyKey(identity, sha256Hex)

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
