import { SignJWT } from 'jose'
import type { Config } from '../app/config.ts'
import { resolveSecrets, type Secrets } from '../app/secrets.ts'
import { StartError } from '../lib/errors.ts'

/** `days`: one, or as long as tokens may be good for where that is less, unless it is given. */
export type TokenOptions = { owner: string; admin: boolean; days?: number | undefined }

/** Prints a token that this server accepts. */
export const runToken = async (config: Config, options: TokenOptions): Promise<void> => {
  console.log(await signToken(await resolveSecrets(config), options))
}

/** The token of the server that `imageonce start` runs on the same data. Throws `StartError`. */
export const developmentToken = async (config: Config): Promise<string> =>
  signToken(await resolveSecrets(config), { owner: 'dev', admin: false })

/** Throws `StartError` where tokens are somebody else's to give. */
export const signToken = (
  { auth, jwtSecrets: [secret] }: Secrets,
  { owner, admin, days: asked }: TokenOptions,
): Promise<string> => {
  if (!secret) {
    throw new StartError('Tokens come from the issuer behind AUTH_JWKS_URL, not from here.')
  }
  const maxDays = auth.maxTokenAgeSeconds / 86_400
  const days = asked ?? Math.min(1, maxDays)
  if (days > maxDays) {
    throw new StartError(
      `Tokens are good for ${maxDays} days at most (AUTH_MAX_TOKEN_AGE). What is to last is a key: imageonce keys create`,
    )
  }
  const token = new SignJWT(admin ? { role: 'admin' } : {})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(owner)
    .setIssuedAt()
    .setExpirationTime(`${Math.round(days * 86_400)} s`)
  if (auth.issuer) token.setIssuer(auth.issuer)
  if (auth.audience) token.setAudience(auth.audience)
  return token.sign(new TextEncoder().encode(secret))
}
