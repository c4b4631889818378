import { SignJWT } from 'jose'
import type { Config } from '../app/config.ts'
import { resolveSecrets, type Secrets } from '../app/secrets.ts'
import { StartError } from '../lib/errors.ts'

export type TokenOptions = { owner: string; admin: boolean; days: number }

/** Prints a token that this server accepts. */
export const runToken = async (config: Config, options: TokenOptions): Promise<void> => {
  console.log(await signToken(await resolveSecrets(config), options))
}

/** Throws `StartError` where tokens are somebody else's to give. */
export const signToken = (
  { auth }: Secrets,
  { owner, admin, days }: TokenOptions,
): Promise<string> => {
  if (!auth.jwtSecret) {
    throw new StartError('Tokens come from the issuer behind AUTH_JWKS_URL, not from here.')
  }
  const token = new SignJWT(admin ? { role: 'admin' } : {})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(owner)
    .setIssuedAt()
    .setExpirationTime(`${Math.round(days * 86_400)} s`)
  if (auth.issuer) token.setIssuer(auth.issuer)
  if (auth.audience) token.setAudience(auth.audience)
  return token.sign(new TextEncoder().encode(auth.jwtSecret))
}
