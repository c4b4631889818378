import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import { AUDIENCE, ISSUER, type startIssuer } from '../../support/jwks-server.ts'
import type { NamedToken } from '../scenarios/tokens.ts'
import { forgeJwt, secondsFromNow, unsignedJwt } from './sign.ts'

type Issuer = Awaited<ReturnType<typeof startIssuer>>

/** Tokens against an issuer's keys: of other keys, of its own used for what they are not, and of keys that they bring. */
export const forgeForIssuer = async (issuer: Issuer): Promise<NamedToken[]> => {
  const claims = { sub: 'alice', iss: ISSUER, aud: AUDIENCE, exp: secondsFromNow(3_600) }
  const mine = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(mine.publicKey)
  const { kid, publicJwk } = issuer.keyOf('RS256')
  const pem = await exportSPKI((await importJWK(publicJwk, 'RS256')) as CryptoKey)
  const signMine = (header: object) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(mine.privateKey)
  const hs256 = { alg: 'HS256', kid }
  const elsewhere = 'http://169.254.169.254/jwks.json'
  const forged: Record<string, string | Promise<string>> = {
    'alg none': unsignedJwt({ alg: 'none', kid }, claims),
    'the public key as a secret': forgeJwt(hs256, claims, pem),
    'the public key as a secret, trimmed': forgeJwt(hs256, claims, pem.trim()),
    'the public JWK as a secret': forgeJwt(hs256, claims, JSON.stringify(publicJwk)),
    'the modulus as a secret': forgeJwt(hs256, claims, publicJwk.n ?? ''),
    'no secret': forgeJwt(hs256, claims, ''),
    'another key': signMine({}),
    'another key under a known kid': signMine({ kid: issuer.keyOf('ES256').kid }),
    'another key under the kid of another kind': signMine({ kid }),
    'a key of its own': signMine({ jwk }),
    'a key of its own, by kid': signMine({ jwk, kid }),
    'keys elsewhere': signMine({ jku: elsewhere }),
    'a certificate elsewhere': signMine({ x5u: elsewhere }),
    'a certificate of its own': signMine({ x5c: [Buffer.from('mine').toString('base64')] }),
    ...Object.fromEntries(
      ['', '../../etc/passwd', 'x\0y', "' or 1=1", elsewhere, 'k'.repeat(4_000), '__proto__'].map(
        (each) => [`kid ${each.slice(0, 20)}`, signMine({ kid: each })],
      ),
    ),
    'a kid that is a list': forgeJwt({ alg: 'RS256', kid: [kid] }, claims, ''),
    'another issuer': issuer.sign('ES256', { issuer: 'https://elsewhere.example' }),
    'another audience': issuer.sign('RS256', { audience: 'another' }),
    'no audience': issuer.sign('RS256', { audience: null }),
    expired: issuer.sign('ES256', { expiresAt: '-1 h' }),
    'a signature of noughts': `${(await issuer.sign('ES256')).replace(/[^.]+$/, '')}${'A'.repeat(86)}`,
    'RS256 called ES256': relabel(await issuer.sign('RS256'), 'ES256'),
    'ES256 called RS256': relabel(await issuer.sign('ES256'), 'RS256'),
    'RS256 called PS256': relabel(await issuer.sign('RS256'), 'PS256'),
  }
  return Promise.all(
    Object.entries(forged).map(async ([name, token]) => ({ name, token: await token })),
  )
}

const relabel = (token: string, alg: string): string => {
  const [header = '', ...rest] = token.split('.')
  const parsed = JSON.parse(Buffer.from(header, 'base64url').toString())
  const changed = Buffer.from(JSON.stringify({ ...parsed, alg })).toString('base64url')
  return [changed, ...rest].join('.')
}
