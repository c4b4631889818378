import type { Request, RequestHandler, Response } from 'express'
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose'
import { ownerIdSchema } from '../../contract/text.ts'
import { AppError } from '../../lib/errors.ts'
import { createOperatorKeys, type OperatorKey } from './operator-keys.ts'

/** Who calls: the owner of everything the call touches, or an operator. */
export type Principal = { ownerId: string; isAdmin: boolean; expiresAt?: Date }

export type Identify = (req: Request) => Promise<Principal>

export type Authenticate = (authorization: string | undefined) => Promise<Principal>

export type AuthenticatorOptions =
  | { jwtSecret: string; issuer?: string | undefined; audience?: string | undefined }
  | { jwksUrl: string; issuer: string; audience: string }

const ASYMMETRIC_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA']
const CLOCK_TOLERANCE_SECONDS = 30

/**
 * Checks `Authorization: Bearer <JWT>`: HS256 under a shared secret, or a key of the JWKS URL with issuer and
 * audience pinned. The owner is `sub`; `role: admin` makes an operator, and so does an operator's key in the token's place.
 * Throws `unauthenticated`.
 */
export const createAuthenticator = (
  options: AuthenticatorOptions,
  operatorKeys: readonly OperatorKey[] = [],
): Authenticate => {
  const verify = rememberVerified(createVerifier(options))
  const findOperator = createOperatorKeys(operatorKeys)
  return async (authorization) => {
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
    if (!token) throw unauthenticated('Send a token: "Authorization: Bearer <JWT>".')
    return findOperator?.(token) ?? toPrincipal(await verify(token))
  }
}

/** Puts the caller into `res.locals.principal`, or ends with 401. */
export const requireAuth =
  (identify: (req: Request) => Promise<Principal>): RequestHandler =>
  async (req, res, next) => {
    res.locals.principal = await identify(req)
    next()
  }

/** Who calls, behind `requireAuth`. */
export const principalOf = (res: Response): Principal => res.locals.principal

/** The caller by the `Authorization` header; without one, by the session. */
export const createIdentify =
  (
    authenticate: Authenticate,
    findSession: (req: Request) => Promise<Principal | undefined>,
  ): Identify =>
  async (req) => {
    const { authorization } = req.headers
    const session = authorization === undefined ? await findSession(req) : undefined
    return session ?? authenticate(authorization)
  }

const createVerifier = (options: AuthenticatorOptions) => {
  const checks: JWTVerifyOptions = { clockTolerance: CLOCK_TOLERANCE_SECONDS }
  if (options.issuer) checks.issuer = options.issuer
  if (options.audience) checks.audience = options.audience
  if ('jwtSecret' in options) {
    const secret = new TextEncoder().encode(options.jwtSecret)
    const key = crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
      'verify',
    ])
    return (token: string) =>
      explain(async () => jwtVerify(token, await key, { ...checks, algorithms: ['HS256'] }))
  }
  const keys = createRemoteJWKSet(new URL(options.jwksUrl))
  return (token: string) =>
    explain(() => jwtVerify(token, keys, { ...checks, algorithms: ASYMMETRIC_ALGORITHMS }))
}

/** What is wrong with the token itself; whatever else goes wrong is trouble with the keys. */
const tokenFaults = [
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
]

const explain = async (verify: () => Promise<{ payload: JWTPayload }>): Promise<JWTPayload> => {
  try {
    return (await verify()).payload
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) throw unauthenticated('The token has expired.', cause)
    if (cause instanceof errors.JWTClaimValidationFailed) {
      throw unauthenticated(`The token's "${cause.claim}" is not what this server accepts.`, cause)
    }
    if (tokenFaults.some((fault) => cause instanceof fault)) {
      throw unauthenticated('The token is not valid here.', cause)
    }
    throw new AppError('unavailable', 'The keys that tokens are checked with do not answer.', {
      retryable: true,
      retryAfterMs: 2_000,
      cause,
    })
  }
}

const toPrincipal = (payload: JWTPayload): Principal => {
  const owner = ownerIdSchema.safeParse(payload.sub)
  if (!owner.success) {
    const [issue] = owner.error.issues
    const reason = payload.sub === undefined ? 'is missing' : issue?.message
    throw unauthenticated(`The token's "sub" must name the owner: it ${reason}.`)
  }
  const [ownerId, isAdmin] = [owner.data, payload.role === 'admin']
  if (payload.exp === undefined) return { ownerId, isAdmin }
  return { ownerId, isAdmin, expiresAt: new Date(payload.exp * 1_000) }
}

const unauthenticated = (message: string, cause?: unknown) =>
  new AppError('unauthenticated', message, { cause })

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
