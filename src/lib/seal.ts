import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_BYTES = 32
const MARK_HEX_DIGITS = 24

export type Seal = ReturnType<typeof createSeal>

/**
 * Seals short texts that must be kept for a while and read by nobody else: AES-256-GCM under keys that follow from secrets by HKDF, for
 * one purpose alone. The first secret seals, and what any of them has sealed opens. A sealed text is bound to its `context`, so that
 * it opens in no other place than the one that it was put into.
 */
export const createSeal = (secrets: readonly [string, ...string[]], purpose: string) => {
  const derive = (secret: string, use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `imageonce ${purpose}: ${use}`, KEY_BYTES))
  const keys = secrets.map((secret) => derive(secret, 'seal'))
  const [newest = derive(secrets[0], 'seal')] = keys
  const markKey = derive(secrets[0], 'mark')

  const seal = (text: string, context: string): string => {
    const iv = randomBytes(IV_BYTES)
    const cipher = createCipheriv('aes-256-gcm', newest, iv).setAAD(Buffer.from(context))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')
  }

  /** Undefined for what none of the secrets has sealed in this context. */
  const open = (sealed: string, context: string): string | undefined => {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < IV_BYTES + TAG_BYTES) return undefined
    return keys.map((key) => decipher(key, bytes, context)).find((text) => text !== undefined)
  }

  /** The same for the same text, and no way back to it, however few such texts there may be; another one once the secrets are exchanged. */
  const mark = (text: string): string =>
    createHmac('sha256', markKey).update(text).digest('hex').slice(0, MARK_HEX_DIGITS)

  return { seal, open, mark }
}

const decipher = (key: Buffer, bytes: Buffer, context: string): string | undefined => {
  const iv = bytes.subarray(0, IV_BYTES)
  const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)
  const opening = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(context))
    .setAuthTag(tag)
  const text = opening.update(bytes.subarray(IV_BYTES + TAG_BYTES))
  try {
    return Buffer.concat([text, opening.final()]).toString('utf8')
  } catch {
    return undefined
  }
}
