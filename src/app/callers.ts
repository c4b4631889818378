import {
  type AuthenticatorOptions,
  createAuthenticator,
  createIdentify,
} from '../adapters/http/auth.ts'
import type { FindKey } from '../adapters/http/key-principal.ts'
import type { KeyIdentity } from '../adapters/http/principal.ts'
import { createSessions, type SessionEnds } from '../adapters/http/sessions.ts'
import { StartError } from '../lib/errors.ts'
import type { Config } from './config.ts'
import type { Secrets } from './secrets.ts'

type CallerDeps = {
  findKey: FindKey
  findKeyById: (id: string) => Promise<KeyIdentity | undefined>
  ends: SessionEnds
}

/** Tells who calls: by a token, a key or a session. Throws `StartError` where tokens can't be checked. */
export const createCallers = (
  config: Config,
  secrets: Secrets,
  { findKey, findKeyById, ends }: CallerDeps,
) => {
  const authenticate = createAuthenticator(
    toAuthenticatorOptions(secrets),
    config.auth.operatorKeys,
    findKey,
  )
  const sessions = createSessions(secrets.imageUrlSecrets, {
    isSecure: config.http.publicUrl?.startsWith('https:') ?? false,
    ends,
    findKeyById,
  })
  return { authenticate, sessions, identify: createIdentify(authenticate, sessions.find) }
}

const toAuthenticatorOptions = ({ auth, jwtSecrets }: Secrets): AuthenticatorOptions => {
  const { jwksUrl, issuer, audience, namespace, maxTokenAgeSeconds: maxAgeSeconds } = auth
  if (jwksUrl && issuer && audience) {
    return { jwksUrl, issuer, audience, namespace, maxAgeSeconds }
  }
  if (jwtSecrets.length > 0) return { jwtSecrets, issuer, audience, namespace, maxAgeSeconds }
  throw new StartError('Set AUTH_JWT_SECRET, or AUTH_JWKS_URL with AUTH_ISSUER and AUTH_AUDIENCE.')
}
