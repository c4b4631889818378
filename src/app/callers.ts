import {
  type AuthenticatorOptions,
  createAuthenticator,
  createIdentify,
} from '../adapters/http/auth.ts'
import { createSessions } from '../adapters/http/sessions.ts'
import { StartError } from '../lib/errors.ts'
import type { Config } from './config.ts'
import type { Secrets } from './secrets.ts'

/** Tells who calls: by a token, an operator's key or a session. Throws `StartError` where tokens can't be checked. */
export const createCallers = (config: Config, secrets: Secrets) => {
  const authenticate = createAuthenticator(
    toAuthenticatorOptions(secrets),
    config.auth.operatorKeys,
  )
  const sessions = createSessions(secrets.imageUrlSecret, {
    isSecure: config.http.publicUrl?.startsWith('https:') ?? false,
  })
  return { authenticate, sessions, identify: createIdentify(authenticate, sessions.find) }
}

const toAuthenticatorOptions = ({ auth }: Secrets): AuthenticatorOptions => {
  const { jwksUrl, jwtSecret, issuer, audience } = auth
  if (jwksUrl && issuer && audience) return { jwksUrl, issuer, audience }
  if (jwtSecret) return { jwtSecret, issuer, audience }
  throw new StartError('Set AUTH_JWT_SECRET, or AUTH_JWKS_URL with AUTH_ISSUER and AUTH_AUDIENCE.')
}
