import { createHmac } from 'node:crypto'
import { SignJWT } from 'jose'

type Claims = Record<string, unknown>

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token as a library signs it, good for an hour unless its claims say otherwise. */
export const signJwt = (secret: string, claims: Claims, header: object = {}): Promise<string> =>
  new SignJWT({ exp: secondsFromNow(3_600), ...claims })
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(new TextEncoder().encode(secret))

/** A token of any header and payload, whatever sense they make; its HMAC is right. A text is taken as it is. */
export const forgeJwt = (header: unknown, payload: unknown, secret = ''): string => {
  const signed = `${encode(header)}.${encode(payload)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** A token without a signature. */
export const unsignedJwt = (header: unknown, payload: unknown): string =>
  `${encode(header)}.${encode(payload)}.`

export const secondsFromNow = (seconds: number): number => Math.floor(Date.now() / 1_000) + seconds
