import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, SignJWT } from 'jose'
import type { Problem } from '../../src/contract/problem.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { type Answer, createClient } from '../support/client.ts'
import { AUDIENCE, ISSUER, type JwksBehaviour, startIssuer } from '../support/jwks-server.ts'
import { expectProblem } from '../support/problems.ts'

type Issuer = Awaited<ReturnType<typeof startIssuer>>

let issuer: Issuer
let app: TestApp

const startAppOf = ({ url }: Issuer) =>
  startTestApp({
    workers: 0,
    env: {
      AUTH_JWKS_URL: url,
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCE: AUDIENCE,
      IMAGE_URL_SECRET: 'a secret of image addresses only',
    },
  })

beforeAll(async () => {
  issuer = await startIssuer()
  app = await startAppOf(issuer)
})
afterAll(async () => {
  await app.stop()
  await issuer.close()
})

const submit = async (token: string, { url } = app): Promise<Answer<Problem>> => {
  const client = await createClient({ url, token: async () => token })
  return client.call('POST', '/api/visualize/generate', { body: { prompt: 'a red bicycle' } })
}

const expectRefused = async (token: string) => {
  const answer = await submit(token)
  expectProblem(answer, { status: 401, code: 'unauthenticated' })
  expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
}

describe('a token of the issuer', () => {
  test.each(['RS256', 'ES256'])('signed with %s is accepted', async (alg) => {
    expect((await submit(await issuer.sign(alg))).status).toBe(202)
  })

  test('for several audiences is accepted when ours is among them', async () => {
    const token = await issuer.sign('ES256', { audience: ['another', AUDIENCE] })
    expect((await submit(token)).status).toBe(202)
  })

  test('names an operator by its role', async () => {
    const { body } = await submit(await issuer.sign('ES256'))
    const token = await issuer.sign('ES256', { role: 'admin' })
    const admin = await createClient({ url: app.url, token: async () => token })
    expect((await admin.get((body as unknown as { id: string }).id)).status).toBe(200)
  })

  test('that expired seconds ago is accepted: clocks differ', async () => {
    expect((await submit(await issuer.sign('ES256', { expiresAt: '-5 s' }))).status).toBe(202)
  })

  test('is checked without asking for the keys each time', async () => {
    await submit(await issuer.sign('ES256'))
    const before = issuer.countRequests()
    await submit(await issuer.sign('RS256'))
    await submit(await issuer.sign('ES256'))
    expect(issuer.countRequests()).toBe(before)
  })
})

describe('a token is refused', () => {
  test('of another issuer', async () => {
    await expectRefused(await issuer.sign('RS256', { issuer: 'https://elsewhere.example' }))
  })

  test('for another audience, or for none', async () => {
    await expectRefused(await issuer.sign('RS256', { audience: 'another' }))
    await expectRefused(await issuer.sign('RS256', { audience: null }))
  })

  test('that has expired', async () => {
    await expectRefused(await issuer.sign('ES256', { expiresAt: '-1 h' }))
  })

  test('signed with a key that the issuer does not have', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    await expectRefused(await issuer.sign('ES256', { privateKey }))
    await expectRefused(await issuer.sign('ES256', { privateKey, kid: 'unknown' }))
  })

  test('signed with the public key as if it were a shared secret', async () => {
    const { publicJwk, kid } = issuer.keyOf('RS256')
    const pem = await exportSPKI((await importJWK(publicJwk, 'RS256')) as CryptoKey)
    for (const secret of [pem, pem.trim(), JSON.stringify(publicJwk), publicJwk.n ?? '']) {
      const token = new SignJWT({})
        .setProtectedHeader({ alg: 'HS256', kid })
        .setSubject('alice')
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setExpirationTime('1 h')
      await expectRefused(await token.sign(new TextEncoder().encode(secret)))
    }
  })

  test('that is not signed', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { sub: 'alice', iss: ISSUER, aud: AUDIENCE, exp: 9_999_999_999 }
    await expectRefused(`${encode({ alg: 'none' })}.${encode(claims)}.`)
  })

  test('that brings its own key', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const token = new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', jwk: await exportJWK(publicKey), jku: issuer.url })
      .setSubject('alice')
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setExpirationTime('1 h')
    await expectRefused(await token.sign(privateKey))
  })
})

test.each<JwksBehaviour>(['error', 'garbage', 'hang_up'])(
  'while the keys cannot be had (%s) the answer is "not now", never "not you"',
  async (behaviour) => {
    const away = await startIssuer(['ES256'])
    away.behave(behaviour)
    const theirs = await startAppOf(away)
    try {
      const token = await away.sign('ES256')
      const refused = await submit(token, theirs)
      expectProblem(refused, { status: 503, code: 'unavailable' })
      expect(refused.body.retryable).toBe(true)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      away.behave('keys')
      expect((await submit(token, theirs)).status).toBe(202)
    } finally {
      await theirs.stop()
      await away.close()
    }
  },
)
