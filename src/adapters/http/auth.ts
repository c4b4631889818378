import type { Request, RequestHandler, Response } from 'express'
import {
  type CryptoKey,
  createRemoteJWKSet,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose'
import { findOwnerId } from '../../contract/namespace.ts'
import { ownerIdSchema } from '../../contract/text.ts'
import { AppError } from '../../lib/errors.ts'
import { type FindKey, OWNER_HEADER, toKeyPrincipal } from './key-principal.ts'
import { createOperatorKeys, type OperatorKey } from './operator-keys.ts'
import { assertPermitted } from './permissions.ts'
import type { Principal, Shown } from './principal.ts'

export type { Principal }

/** `token`: one that came otherwise than in a header. Throws `unauthenticated`, and `forbidden` for what the caller may not do. */
export type Identify = (req: Request, token?: string) => Promise<Principal>

export type Authenticate = (authorization: string | undefined, shown?: Shown) => Promise<Principal>

export type AuthenticatorOptions = {
  /** How long a token may be good for at most. */
  maxAgeSeconds: number
  /** Where the owners of tokens are. */
  namespace?: string | undefined
} & (
  | {
      jwtSecrets: readonly string[]
      issuer?: string | undefined
      audience?: string | undefined
    }
  | { jwksUrl: string; issuer: string; audience: string }
)

const ASYMMETRIC_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA']
const CLOCK_TOLERANCE_SECONDS = 30

/**
 * Checks `Authorization: Bearer <JWT>`: HS256 under a shared secret, or a key of the JWKS URL with issuer and
 * audience pinned. The owner is `sub`; `role: admin` makes an operator, and so does an operator's key in the token's place. A key
 * (`io_…`) in its place is whose key it is. Throws `unauthenticated`, and `forbidden` where a key may not be used so.
 */
export const createAuthenticator = (
  options: AuthenticatorOptions,
  operatorKeys: readonly OperatorKey[] = [],
  findKey: FindKey = async () => undefined,
): Authenticate => {
  const verify = rememberVerified(createVerifier(options))
  const findOperator = createOperatorKeys(operatorKeys)
  const find = async (token: string, shown: Shown): Promise<Principal> => {
    if (token.startsWith('io_')) {
      const key = await findKey(token)
      if (!key) throw unauthenticated('This key is not, or no longer, in force.')
      return toKeyPrincipal(key, shown)
    }
    return toPrincipal(await verify(token), options.namespace)
  }
  return async (authorization, shown = {}) => {
    const token = /^(?:Bearer|Key) +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
    if (!token) throw unauthenticated('Send a token or a key: "Authorization: Bearer <token>".')
    const principal = findOperator?.(token) ?? (await find(token, shown))
    assertActsFor(principal, shown.owner)
    return principal
  }
}

/** Else a back end whose key has an owner would have all its users' images in one heap, and not know. */
const assertActsFor = ({ ownerId, key }: Principal, owner: string | undefined): void => {
  if (owner === undefined || owner === (key?.ownerId ?? ownerId)) return
  if (key && key.ownerId === undefined) return
  throw new AppError('forbidden', 'Only a key that acts on behalf of owners may name one.', {
    pointer: OWNER_HEADER,
  })
}

/** A token or key that came otherwise than in a header. */
export type FindSecret = (req: Request) => string | undefined

/** Puts the caller into `res.locals.principal`, or ends with 401. */
export const requireAuth =
  (identify: Identify, findSecret?: FindSecret): RequestHandler =>
  async (req, res, next) => {
    const secret = findSecret?.(req)
    res.locals.hasSecret = secret !== undefined
    res.locals.principal = await identify(req, secret)
    next()
  }

/** Who calls, behind `requireAuth`. */
export const principalOf = (res: Response): Principal => res.locals.principal

/** On whose account what it asks for is besides its owner's: the key that it came with; null without one. */
export const keyIdOf = (res: Response): string | null => principalOf(res).key?.id ?? null

/**
 * The caller by the token or key of a header, whichever of those that APIs use; without one, by the session. Every request with a key
 * is held against what the key may do here, and nowhere else.
 */
export const createIdentify =
  (
    authenticate: Authenticate,
    findSession: (req: Request) => Promise<Principal | undefined>,
  ): Identify =>
  async (req, token) => {
    const authorization = authorizationOf(req) ?? (token === undefined ? token : `Bearer ${token}`)
    const session = authorization === undefined ? await findSession(req) : undefined
    const principal = session ?? (await authenticate(authorization, shownBy(req)))
    assertPermitted(principal, req)
    return principal
  }

const authorizationOf = ({ headers }: Request): string | undefined => {
  const key = headers['x-api-key'] ?? headers['x-goog-api-key']
  return headers.authorization ?? (key === undefined ? undefined : `Key ${key}`)
}

/** What a request says of itself beside its token. Throws `invalid_request` where that is two owners: who is last depends on who reads. */
export const shownBy = (req: Request): Shown => {
  const owners = req.headersDistinct?.[OWNER_HEADER.toLowerCase()] ?? []
  if (owners.length > 1) {
    throw new AppError('invalid_request', `Name one owner: ${OWNER_HEADER} came several times.`, {
      pointer: OWNER_HEADER,
    })
  }
  return { owner: req.get(OWNER_HEADER), origin: req.get('Origin') }
}

const createVerifier = (options: AuthenticatorOptions): Verify => {
  const checks: JWTVerifyOptions = { clockTolerance: CLOCK_TOLERANCE_SECONDS }
  if (options.issuer) checks.issuer = options.issuer
  if (options.audience) checks.audience = options.audience
  const verify = createVerifySignature(options, checks)
  return (token) =>
    explain(async () => {
      const verified = await verify(token)
      assertLifetime(verified.payload, options.maxAgeSeconds)
      assertType(verified.protectedHeader.typ)
      return verified
    })
}

const createVerifySignature = (options: AuthenticatorOptions, checks: JWTVerifyOptions) => {
  if ('jwtSecrets' in options) {
    const keys = options.jwtSecrets.map((secret) =>
      crypto.subtle.importKey(
        'raw',
        new TextEncoder().encode(secret),
        { name: 'HMAC', hash: 'SHA-256' },
        false,
        ['verify'],
      ),
    )
    return (token: string) => verifyWithOneOf(keys, token, { ...checks, algorithms: ['HS256'] })
  }
  const keys = createRemoteJWKSet(new URL(options.jwksUrl))
  return (token: string) => jwtVerify(token, keys, { ...checks, algorithms: ASYMMETRIC_ALGORITHMS })
}

/** While a secret is exchanged there are two. */
const verifyWithOneOf = async (
  keys: readonly Promise<CryptoKey>[],
  token: string,
  checks: JWTVerifyOptions,
): Promise<JWTVerifyResult> => {
  let refusal: unknown
  for (const key of keys) {
    try {
      return await jwtVerify(token, await key, checks)
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error
      refusal = error
    }
  }
  throw refusal
}

/** A token that never ends can't be taken back: what is to last is a key. */
const assertLifetime = ({ exp }: JWTPayload, maxAgeSeconds: number): void => {
  if (exp === undefined) {
    throw unauthenticated(
      'The token has no "exp": it must say when it ends. What is to last is a key.',
    )
  }
  if (exp - Date.now() / 1_000 <= maxAgeSeconds + CLOCK_TOLERANCE_SECONDS) return
  throw unauthenticated(
    `The token's "exp" is too far ahead: it may be ${maxAgeSeconds} seconds from now at most (AUTH_MAX_TOKEN_AGE).`,
  )
}

/** An issuer signs more than access tokens with its keys: logout tokens and the like have types of their own (RFC 8725, 3.11). */
const assertType = (typ: unknown): void => {
  const type = String(typ ?? 'JWT').replace(/^application\//i, '')
  if (/^(at\+)?jwt$/i.test(type)) return
  throw unauthenticated('The token\'s "typ" is not one of an access token: JWT or at+jwt.')
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
    if (cause instanceof AppError) throw cause
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

const toPrincipal = (payload: JWTPayload, namespace: string | undefined): Principal => {
  const owner = ownerIdSchema.safeParse(toOwnerId(payload.sub, namespace))
  if (!owner.success) {
    const [issue] = owner.error.issues
    const reason = payload.sub === undefined ? 'is missing' : issue?.message
    throw unauthenticated(`The token's "sub" must name the owner: it ${reason}.`)
  }
  // An issuer of one namespace makes nobody an operator, who would see all of them.
  const isAdmin = payload.role === 'admin' && namespace === undefined
  return { ownerId: owner.data, isAdmin, expiresAt: toDate(Number(payload.exp)) }
}

const toOwnerId = (sub: unknown, namespace: string | undefined): unknown => {
  if (typeof sub !== 'string' || sub === '') return sub
  const ownerId = findOwnerId(namespace, sub)
  if (ownerId !== undefined) return ownerId
  throw unauthenticated('The token\'s "sub" is in a namespace, which AUTH_NAMESPACE is not set to.')
}

/** The latest that a `Date` can be (ECMA-262, "Time Values and Time Range"). */
const MAX_TIME_MS = 8.64e15

/** Of seconds that may be any number. */
const toDate = (seconds: number): Date => new Date(Math.min(seconds * 1_000, MAX_TIME_MS))

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
