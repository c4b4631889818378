import { hkdfSync, randomUUID } from 'node:crypto'
import type { CookieOptions, Request, Response } from 'express'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { AppError } from '../../lib/errors.ts'
import type { Principal } from './auth.ts'
import { cameByHttps } from './image-urls.ts'
import type { KeyIdentity } from './principal.ts'

export type Sessions = ReturnType<typeof createSessions>

/** A session that someone has: which one, whose, and since when by Postgres's clock. */
export type BegunSession = { id: string; ownerId: string; begunAt: Date }

/** Sessions that are over before their time, as every process knows them. */
export type SessionEnds = {
  /** Postgres's clock. */
  now: () => Promise<Date>
  isOver: (session: BegunSession) => Promise<boolean>
  end: (sessionId: string) => Promise<void>
}

type SessionOptions = {
  /** Browsers come by HTTPS alone. */
  isSecure: boolean
  ends: SessionEnds
  /** The key in force that a session was begun with. */
  findKeyById: (id: string) => Promise<KeyIdentity | undefined>
}

export const SESSION_COOKIE = 'imageonce_session'
export const MAX_SESSION_MS = 12 * 60 * 60_000
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS']

/**
 * Sessions of people at the web face: who signed in with a token has a cookie instead, which no script can read. Every API process knows
 * it by the same secrets, the first of which signs; kept is only which are over before their time.
 */
export const createSessions = (
  imageUrlSecrets: readonly [string, ...string[]],
  { isSecure, ends, findKeyById }: SessionOptions,
) => {
  const deriveKey = (secret: string) =>
    new Uint8Array(hkdfSync('sha256', secret, '', 'imageonce sessions', 32))
  const keys = imageUrlSecrets.map(deriveKey)
  const signingKey = deriveKey(imageUrlSecrets[0])
  const isHttps = (req: Request) => isSecure || cameByHttps(req)
  const attributes = (req: Request): CookieOptions => ({
    httpOnly: true,
    sameSite: 'strict',
    secure: isHttps(req),
    path: '/',
  })

  /** Signs this browser in, for 12 hours or as long as the token is good. */
  const start = async (
    req: Request,
    res: Response,
    { ownerId, isAdmin, expiresAt, key }: Principal,
  ): Promise<Date> => {
    const endsAt = new Date(Math.min(Date.now() + MAX_SESSION_MS, expiresAt?.getTime() ?? Infinity))
    const begunAt = await ends.now()
    const session = await new SignJWT({ isAdmin, begunAtMs: begunAt.getTime(), keyId: key?.id })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject(ownerId)
      .setJti(randomUUID())
      .setExpirationTime(endsAt)
      .sign(signingKey)
    res.cookie(nameOf(isHttps(req)), session, { ...attributes(req), expires: endsAt })
    return endsAt
  }

  /** Signs this browser out; its session is over everywhere, for whoever else has the cookie too. */
  const end = async (req: Request, res: Response): Promise<void> => {
    const payload = await read(req).catch(ignoreRefusal)
    if (payload) await ends.end(String(payload.jti))
    res.clearCookie(nameOf(isHttps(req)), attributes(req))
  }

  /** Who is signed in. Throws `unauthenticated` when that is over, `forbidden` when another site's page acts. */
  const find = async (req: Request): Promise<Principal | undefined> => {
    const payload = await read(req)
    if (!payload) return undefined
    if (!SAFE_METHODS.includes(req.method)) assertSameOrigin(req)
    const ownerId = String(payload.sub)
    const begunAt = new Date(Number(payload.begunAtMs))
    const isOver = await ends.isOver({ id: String(payload.jti), ownerId, begunAt })
    const expiresAt = new Date(Number(payload.exp) * 1_000)
    if (isOver) throw over()
    if (payload.keyId === undefined) {
      return { ownerId, isAdmin: payload.isAdmin === true, expiresAt }
    }
    const key = await findKeyById(String(payload.keyId))
    if (!key) throw over()
    return { ownerId, isAdmin: key.scopes.includes('admin'), expiresAt, key }
  }

  const read = async (req: Request): Promise<JWTPayload | undefined> => {
    const session = findCookie(req, nameOf(isHttps(req)))
    if (!session) return undefined
    for (const key of keys) {
      try {
        const { payload } = await jwtVerify(session, key, {
          algorithms: ['HS256'],
          requiredClaims: ['sub', 'jti', 'exp', 'begunAtMs'],
        })
        return payload
      } catch (cause) {
        if (cause instanceof errors.JWSSignatureVerificationFailed) continue
        if (!(cause instanceof errors.JOSEError)) throw cause
        throw over(cause)
      }
    }
    throw over()
  }

  return { start, end, find }
}

const over = (cause?: unknown) =>
  new AppError('unauthenticated', 'The session is over: sign in again.', { cause })

const ignoreRefusal = (error: unknown): undefined => {
  if (!(error instanceof AppError) || error.code !== 'unauthenticated') throw error
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

/** `__Host-`: browsers take it from this very host by HTTPS alone, so that no neighbour can plant one (RFC 6265bis, 4.1.3.2). */
const nameOf = (isHttps: boolean): string => (isHttps ? `__Host-${SESSION_COOKIE}` : SESSION_COOKIE)

const findCookie = (req: Request, name: string): string | undefined =>
  new RegExp(`(?:^|;\\s*)${name}=([\\w.-]+)`).exec(req.headers.cookie ?? '')?.[1]
