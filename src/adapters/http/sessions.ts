import { hkdfSync } from 'node:crypto'
import type { CookieOptions, Request, Response } from 'express'
import { errors, jwtVerify, SignJWT } from 'jose'
import { AppError } from '../../lib/errors.ts'
import type { Principal } from './auth.ts'

export type Sessions = ReturnType<typeof createSessions>

const COOKIE = 'imageonce_session'
const MAX_AGE_MS = 12 * 60 * 60_000
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/**
 * Sessions of people at the web face: who signed in with a token has a cookie instead, which no script can read. Every API
 * process knows it by the same secret, and none keeps anything. `isSecure`: browsers come by HTTPS alone.
 */
export const createSessions = (imageUrlSecret: string, { isSecure }: { isSecure: boolean }) => {
  const key = new Uint8Array(hkdfSync('sha256', imageUrlSecret, '', 'imageonce sessions', 32))
  const attributes = (req: Request): CookieOptions => ({
    httpOnly: true,
    sameSite: 'strict',
    secure: isSecure || req.secure,
    path: '/',
  })

  /** Signs this browser in, for 12 hours or as long as the token is good. */
  const start = async (
    req: Request,
    res: Response,
    { ownerId, isAdmin, expiresAt }: Principal,
  ): Promise<Date> => {
    const endsAt = new Date(Math.min(Date.now() + MAX_AGE_MS, expiresAt?.getTime() ?? Infinity))
    const session = await new SignJWT({ isAdmin })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(ownerId)
      .setExpirationTime(endsAt)
      .sign(key)
    res.cookie(COOKIE, session, { ...attributes(req), expires: endsAt })
    return endsAt
  }

  const end = (req: Request, res: Response): void => {
    res.clearCookie(COOKIE, attributes(req))
  }

  /** Who is signed in. Throws `unauthenticated` when that is over, `forbidden` when another site's page acts. */
  const find = async (req: Request): Promise<Principal | undefined> => {
    const session = sessionOf(req)
    if (!session) return undefined
    if (!SAFE_METHODS.includes(req.method)) assertSameOrigin(req)
    try {
      const { payload } = await jwtVerify(session, key, { algorithms: ['HS256'] })
      const expiresAt = new Date(Number(payload.exp) * 1_000)
      return { ownerId: String(payload.sub), isAdmin: payload.isAdmin === true, expiresAt }
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause
      throw new AppError('unauthenticated', 'The session is over: sign in again.', { cause })
    }
  }

  return { start, end, find }
}

/**
 * Throws `forbidden` when the request comes from a page of another origin. Browsers say so themselves (Fetch Metadata); the
 * older ones by `Origin`. A request that carries neither is no browser's.
 */
export const assertSameOrigin = (req: Request): void => {
  const site = req.get('Sec-Fetch-Site')
  const origin = req.get('Origin')
  const isOurs = site
    ? site === 'same-origin'
    : origin === undefined || (URL.canParse(origin) && new URL(origin).host === req.get('Host'))
  if (isOurs) return
  throw new AppError('forbidden', 'A session acts from its own pages only; others send a token.')
}

const sessionOf = (req: Request): string | undefined =>
  new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w.-]+)`).exec(req.headers.cookie ?? '')?.[1]
