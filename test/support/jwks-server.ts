import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { startHttpServer } from './http-server.ts'

export const ISSUER = 'https://issuer.example'
export const AUDIENCE = 'imageonce'

type Key = { kid: string; alg: string; privateKey: CryptoKey; publicJwk: JWK }

/** What the issuer's server does with a request for its keys. */
export type JwksBehaviour = 'keys' | 'error' | 'garbage' | 'hang_up'

/** An issuer of tokens whose keys are read over HTTP. */
export const startIssuer = async (algorithms: readonly string[] = ['RS256', 'ES256']) => {
  const keys = await Promise.all(algorithms.map(makeKey))
  let behaviour: JwksBehaviour = 'keys'
  let requests = 0
  const server = await startHttpServer((_request, response) => {
    requests++
    if (behaviour === 'hang_up') response.destroy()
    else if (behaviour === 'error') response.writeHead(503).end('away')
    else if (behaviour === 'garbage') response.end('<html>')
    else {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ keys: keys.map(({ publicJwk }) => publicJwk) }))
    }
  })

  const keyOf = (alg: string): Key => {
    const key = keys.find((candidate) => candidate.alg === alg)
    if (!key) throw new Error(`the issuer has no key for ${alg}`)
    return key
  }

  /** A token as this issuer would give it to alice, with the changes of a test. */
  const sign = (alg: string, changes: TokenChanges = {}): Promise<string> => {
    const { privateKey, kid } = keyOf(alg)
    const token = new SignJWT({ role: changes.role })
      .setProtectedHeader({ alg, kid: changes.kid ?? kid })
      .setSubject('alice')
      .setIssuedAt()
      .setIssuer(changes.issuer ?? ISSUER)
      .setExpirationTime(changes.expiresAt ?? '1 h')
    if (changes.audience !== null) token.setAudience(changes.audience ?? AUDIENCE)
    return token.sign(changes.privateKey ?? privateKey)
  }

  return {
    url: `${server.url}/jwks.json`,
    keyOf,
    sign,
    behave: (next: JwksBehaviour) => {
      behaviour = next
    },
    countRequests: () => requests,
    close: server.close,
  }
}

type TokenChanges = {
  kid?: string
  issuer?: string
  /** Null: none. */
  audience?: string | string[] | null
  expiresAt?: string
  role?: string
  privateKey?: CryptoKey
}

const makeKey = async (alg: string): Promise<Key> => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const kid = `${alg}-key`
  return {
    kid,
    alg,
    privateKey,
    publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' },
  }
}
