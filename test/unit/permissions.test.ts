import { hkdfSync } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { SignJWT } from 'jose'
import { createAuthenticator, createIdentify } from '../../src/adapters/http/auth.ts'
import { verifyHook } from '../../src/adapters/http/hook-signature.ts'
import {
  createEndingUrl,
  createImageSigner,
  createUrlsAt,
  deriveImageUrlSecret,
  findImageId,
} from '../../src/adapters/http/image-urls.ts'
import { createOperatorKeys } from '../../src/adapters/http/operator-keys.ts'
import { assertOperator, parseScope } from '../../src/adapters/http/scope.ts'
import { assertSameOrigin, createSessions } from '../../src/adapters/http/sessions.ts'
import { forged } from '../support/forged-hooks.ts'
import { goodHook, newHookSecret, signHook } from '../support/hooks.ts'
import { createRequest, createResponse } from '../support/http-doubles.ts'

const unauthenticated = expect.objectContaining({ code: 'unauthenticated' })
const forbidden = expect.objectContaining({ code: 'forbidden' })

const SECRET = 'a secret of at least thirty-two bytes'
const sign = (claims: object, { secret = SECRET, expiresAt = '1 h', alg = 'HS256' } = {}) =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg })
    .setExpirationTime(expiresAt)
    .sign(new TextEncoder().encode(secret))

describe('a caller', () => {
  const authenticate = createAuthenticator({ jwtSecrets: [SECRET], maxAgeSeconds: 86_400 }, [
    { name: 'olga', key: 'k'.repeat(40) },
  ])
  const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const bearer = async (token: Promise<string>) => `Bearer ${await token}`

  test.each<[string, () => Promise<string> | string | undefined]>([
    ['nothing', () => undefined],
    ['an empty header', () => ''],
    ['another scheme', () => 'Basic YWxpY2U6c2VjcmV0'],
    ['garbage', () => 'Bearer garbage'],
    ['no token after the scheme', () => 'Bearer '],
    [
      'an unsigned token',
      () => `Bearer ${base64url({ alg: 'none' })}.${base64url({ sub: 'alice' })}.`,
    ],
    ['a token of another secret', () => bearer(sign({ sub: 'alice' }, { secret: 'x'.repeat(32) }))],
    [
      'a token of another algorithm under the same secret',
      () => bearer(sign({ sub: 'alice' }, { alg: 'HS512', secret: SECRET.repeat(2) })),
    ],
    ['an expired token', () => bearer(sign({ sub: 'alice' }, { expiresAt: '-1 h' }))],
    ['a token without an owner', () => bearer(sign({}))],
    ['a token with an empty owner', () => bearer(sign({ sub: '' }))],
    ['a token whose owner is a number', () => bearer(sign({ sub: 7 }))],
    ['a token whose owner holds a NUL', () => bearer(sign({ sub: 'a\u0000' }))],
    ['a token whose owner is endless', () => bearer(sign({ sub: 'a'.repeat(256) }))],
    ['a tampered token', async () => `Bearer ${(await sign({ sub: 'alice' })).slice(0, -4)}AAAA`],
    ['half an operator’s key', () => `Bearer ${'k'.repeat(39)}`],
  ])('who sends %s is not known', async (_name, authorization) => {
    await expect(authenticate(await authorization())).rejects.toEqual(unauthenticated)
  })

  test.each([
    ['none', {}, '"exp"'],
    ['one too far ahead', { exp: Math.floor(Date.now() / 1_000) + 86_500 }, 'AUTH_MAX_TOKEN_AGE'],
  ])('whose token has as its end %s is told what it needs', async (_name, claims, said) => {
    const token = new SignJWT({ sub: 'alice', ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(SECRET))
    const refusal = authenticate(await bearer(token))
    await expect(refusal).rejects.toEqual(unauthenticated)
    await expect(refusal).rejects.toThrow(said)
  })

  test.each([
    [undefined, true],
    ['JWT', true],
    ['jwt', true],
    ['at+jwt', true],
    ['application/at+jwt', true],
    ['logout+jwt', false],
    ['secevent+jwt', false],
    ['dpop+jwt', false],
    ['', false],
  ])('whose token has the type %j is known: %s', async (typ, isKnown) => {
    const token = await new SignJWT({ sub: 'alice' })
      .setProtectedHeader({ alg: 'HS256', ...(typ !== undefined && { typ }) })
      .setExpirationTime('1 h')
      .sign(new TextEncoder().encode(SECRET))
    const known = authenticate(`Bearer ${token}`)
    if (isKnown) expect(await known).toMatchObject({ ownerId: 'alice' })
    else await expect(known).rejects.toEqual(unauthenticated)
  })

  test('is known by every secret of a list, and by none that is not in it', async () => {
    const both = createAuthenticator({
      jwtSecrets: ['another secret of thirty-two bytes', SECRET],
      maxAgeSeconds: 86_400,
    })
    const other = { secret: 'another secret of thirty-two bytes' }
    expect((await both(await bearer(sign({ sub: 'alice' })))).ownerId).toBe('alice')
    expect((await both(await bearer(sign({ sub: 'alice' }, other)))).ownerId).toBe('alice')
    await expect(authenticate(await bearer(sign({ sub: 'alice' }, other)))).rejects.toEqual(
      unauthenticated,
    )
  })

  test('of an issuer with a namespace is in it, and never an operator', async () => {
    const shops = createAuthenticator({
      jwtSecrets: [SECRET],
      maxAgeSeconds: 86_400,
      namespace: 'shop',
    })
    const ofShop = await shops(await bearer(sign({ sub: '1', role: 'admin' })))
    expect(ofShop).toMatchObject({ ownerId: 'shop::1', isAdmin: false })
    expect((await shops(await bearer(sign({ sub: 'blog::1' })))).ownerId).toBe('shop::blog::1')
    for (const sub of ['', 'x'.repeat(250)]) {
      await expect(shops(await bearer(sign({ sub })))).rejects.toEqual(unauthenticated)
    }
    await expect(authenticate(await bearer(sign({ sub: 'shop::1' })))).rejects.toEqual(
      unauthenticated,
    )
    expect((await authenticate(await bearer(sign({ sub: 'Shop::1' })))).ownerId).toBe('Shop::1')
  })

  test('is the owner that the token names, and an operator by its role alone', async () => {
    const owner = await authenticate(await bearer(sign({ sub: 'alice' })))
    expect(owner).toEqual({ ownerId: 'alice', isAdmin: false, expiresAt: expect.any(Date) })
    const { isAdmin } = await authenticate(await bearer(sign({ sub: 'olga', role: 'admin' })))
    expect(isAdmin).toBe(true)
    const reader = await authenticate(await bearer(sign({ sub: 'rita', role: 'reader' })))
    expect(reader.isAdmin).toBe(false)
  })

  test('of another issuer or audience is not known where one is set', async () => {
    const pinned = createAuthenticator({
      jwtSecrets: [SECRET],
      maxAgeSeconds: 86_400,
      issuer: 'us',
      audience: 'images',
    })
    const ours = { sub: 'alice', iss: 'us', aud: 'images' }
    expect((await pinned(await bearer(sign(ours)))).ownerId).toBe('alice')
    for (const other of [{ iss: 'them' }, { aud: 'others' }, { iss: undefined }]) {
      await expect(pinned(await bearer(sign({ ...ours, ...other })))).rejects.toEqual(
        unauthenticated,
      )
    }
  })

  test('is an operator by a key, which is no other’s', () => {
    const find = createOperatorKeys([
      { name: 'olga', key: 'k'.repeat(40) },
      { name: 'otto', key: 'o'.repeat(40) },
    ])
    expect(find?.('o'.repeat(40))).toEqual({ ownerId: 'operator:otto', isAdmin: true })
    for (const other of ['', 'k', 'k'.repeat(39), 'k'.repeat(41)])
      expect(find?.(other)).toBeUndefined()
    expect(createOperatorKeys([])).toBeUndefined()
  })
})

describe('whose things are meant', () => {
  const alice = { ownerId: 'alice', isAdmin: false }
  const olga = { ownerId: 'olga', isAdmin: true }

  test.each([
    [alice, undefined, 'alice'],
    [alice, 'alice', 'alice'],
    [olga, undefined, 'olga'],
    [olga, 'alice', 'alice'],
    [olga, '*', undefined],
  ])('by %j, asking for %s: %s', (principal, asked, ownerId) => {
    expect(parseScope(principal, asked)).toBe(ownerId)
  })

  test.each(['bob', '*', ''])('by an owner, asking for %j: nobody’s', (asked) => {
    expect(() => parseScope(alice, asked)).toThrow(forbidden)
  })

  test('and only operators see what is everybody’s', () => {
    expect(() => assertOperator(alice)).toThrow(forbidden)
    expect(() => assertOperator(olga)).not.toThrow()
  })
})

describe('the URL of an image', () => {
  const id = `g_${'a'.repeat(40)}`
  const signer = createImageSigner('one secret')

  test('is a permission for its own id under its own secret', () => {
    const signature = signer.sign(id)
    expect(signer.verify(id, signature)).toBe(true)
    for (const wrong of [
      '',
      'A',
      signature.slice(1),
      `${signature}A`,
      'A'.repeat(signature.length),
    ]) {
      expect(signer.verify(id, wrong)).toBe(false)
    }
    expect(signer.verify(`g_${'b'.repeat(40)}`, signature)).toBe(false)
    expect(createImageSigner('another').verify(id, signature)).toBe(false)
    // 128 bits.
    expect(Buffer.from(signature, 'base64url')).toHaveLength(16)
  })

  test('names its image on whatever host, and nothing else does', () => {
    const url = createUrlsAt(signer, 'https://images.example').image(id)
    expect(findImageId(signer, url)).toBe(id)
    expect(findImageId(signer, `http://127.0.0.1:3000/images/${id}.${signer.sign(id)}?v=1`)).toBe(
      id,
    )
    const wrong = `https://images.example/images/${id}`
    for (const other of [wrong, `${wrong}.AAAA`, 'https://images.example/']) {
      expect(findImageId(signer, other)).toBeUndefined()
    }
  })

  test('of a secret before the newest one holds, but is not made any more', () => {
    const exchanged = createImageSigner('new secret', 'one secret')
    expect(exchanged.verify(id, signer.sign(id))).toBe(true)
    expect(exchanged.sign(id)).toBe(createImageSigner('new secret').sign(id))
    expect(createImageSigner('new secret').verify(id, signer.sign(id))).toBe(false)
  })

  test('of its events is another permission, and always ends', () => {
    const at = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 3_600_000)
    const exp = String(at.getTime() / 1_000)
    const signature = signer.signEvents(id, at)
    expect(signer.verifyEvents(id, signature, exp)).toBe(true)
    for (const other of [undefined, String(Number(exp) + 1), '0', '', [exp, exp]]) {
      expect(signer.verifyEvents(id, signature, other)).toBe(false)
    }
    expect(signer.verifyEvents(`g_${'b'.repeat(40)}`, signature, exp)).toBe(false)
    expect(signer.verify(id, signature)).toBe(false)
    expect(signer.verify(id, signature, exp)).toBe(false)
    expect(signer.verifyEvents(id, signer.sign(id), exp)).toBe(false)
    expect(signer.verifyEvents(id, signer.sign(id, at), exp)).toBe(false)
    const past = new Date(1_000)
    expect(signer.verifyEvents(id, signer.signEvents(id, past), '1')).toBe(false)
    expect(createImageSigner('new', 'one secret').verifyEvents(id, signature, exp)).toBe(true)
    expect(createImageSigner('new').verifyEvents(id, signature, exp)).toBe(false)
  })

  test('that is to end does so when it was signed to, and can be made of no other', () => {
    const inAnHour = new Date(Math.floor(Date.now() / 1_000) * 1_000 + 3_600_000)
    const url = new URL(createEndingUrl(signer, { base: 'https://a.b', id, expiresAt: inAnHour }))
    const signature = url.pathname.split('.')[1] ?? ''
    const exp = url.searchParams.get('exp')
    expect(signer.verify(id, signature, exp)).toBe(true)
    expect(findImageId(signer, url.href)).toBe(id)
    for (const other of [undefined, `${Number(exp) + 1}`, `0${exp}`, '', '-1', [exp], 'soon']) {
      expect(signer.verify(id, signature, other)).toBe(false)
    }
    expect(signer.verify(id, signer.sign(id), exp)).toBe(false)
    const past = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 1_000)
    expect(signer.verify(id, signer.sign(id, past), `${past.getTime() / 1_000}`)).toBe(false)
  })

  test('is under a secret that tokens are not', () => {
    expect(deriveImageUrlSecret(SECRET)).not.toContain(SECRET)
    expect(deriveImageUrlSecret(SECRET)).not.toBe(deriveImageUrlSecret(`${SECRET}2`))
  })
})

describe('a session', () => {
  const options = {
    isSecure: false,
    ends: { now: async () => new Date(), isOver: async () => false, end: async () => {} },
    findKeyById: async () => undefined,
  }
  const sessions = createSessions(['one secret'], options)
  const start = async (expiresAt?: Date) => {
    const { response, answer } = createResponse()
    const principal = { ownerId: 'alice', isAdmin: false, ...(expiresAt && { expiresAt }) }
    await sessions.start(createRequest(), response, principal)
    return answer.headers['set-cookie'] ?? ''
  }
  const find = (cookie: string, headers = {}, method = 'GET', by = sessions) =>
    by.find(createRequest({ headers: { cookie, ...headers }, method }))

  test('is of who began it, under its own secret, for as long as the token was good', async () => {
    const cookie = await start()
    expect(await find(cookie)).toMatchObject({ ownerId: 'alice', isAdmin: false })
    const others = createSessions(['another'], options)
    await expect(find(cookie, {}, 'GET', others)).rejects.toEqual(unauthenticated)
    await expect(find(`${cookie.slice(0, -6)}AAAAAA`)).rejects.toEqual(unauthenticated)
    await expect(find(await start(new Date(Date.now() - 1_000)))).rejects.toEqual(unauthenticated)
    expect(await find('other=1')).toBeUndefined()
  })

  test('is over once it was ended, whoever has its cookie', async () => {
    const ended: string[] = []
    const ending = createSessions(['one secret'], {
      ...options,
      ends: {
        ...options.ends,
        isOver: async ({ id }) => ended.includes(id),
        end: async (id) => void ended.push(id),
      },
    })
    const cookie = await start()
    expect(await find(cookie, {}, 'GET', ending)).toBeDefined()
    await ending.end(createRequest({ headers: { cookie } }), createResponse().response)
    expect(ended).toHaveLength(1)
    await expect(find(cookie, {}, 'GET', ending)).rejects.toEqual(unauthenticated)
    expect(await find(await start(), {}, 'GET', ending)).toBeDefined()
  })

  test('is known while its secret is exchanged', async () => {
    const cookie = await start()
    const exchanged = createSessions(['new secret', 'one secret'], options)
    expect(await find(cookie, {}, 'GET', exchanged)).toMatchObject({ ownerId: 'alice' })
    const after = createSessions(['new secret'], options)
    await expect(find(cookie, {}, 'GET', after)).rejects.toEqual(unauthenticated)
  })

  test('that an app’s own token would be is none', async () => {
    const claims = { sub: 'alice', isAdmin: true, jti: 'one', begunAtMs: Date.now() }
    const token = await sign(claims, { secret: 'one secret'.padEnd(32) })
    await expect(find(`imageonce_session=${token}`)).rejects.toEqual(unauthenticated)
  })

  test.each([false, true])(
    'is kept where no script reads it, by HTTPS alone: %s',
    async (isSecure) => {
      const { response, answer } = createResponse()
      const principal = { ownerId: 'alice', isAdmin: false }
      const secured = createSessions(['one secret'], { ...options, isSecure })
      await secured.start(createRequest(), response, principal)
      const cookie = answer.headers['set-cookie'] ?? ''
      expect(cookie.startsWith(isSecure ? '__Host-imageonce_session=' : 'imageonce_session=')).toBe(
        true,
      )
      const bare = cookie.replace('__Host-', '')
      const planted = await secured.find(createRequest({ headers: { cookie: bare } }))
      expect(planted === undefined).toBe(isSecure)
      expect(answer.cookie).toMatchObject({
        ...{ httpOnly: true, sameSite: 'strict', secure: isSecure, path: '/' },
        expires: expect.any(Date),
      })
    },
  )

  test('of another algorithm is none, though its secret were the right one', async () => {
    const key = new Uint8Array(hkdfSync('sha256', 'one secret', '', 'imageonce sessions', 32))
    const forge = (alg: string) =>
      new SignJWT({ isAdmin: true, begunAtMs: Date.now() })
        .setProtectedHeader({ alg })
        .setSubject('alice')
        .setJti('one')
        .setExpirationTime('1 h')
        .sign(key)
    expect(await find(`imageonce_session=${await forge('HS256')}`)).toBeDefined()
    await expect(find(`imageonce_session=${await forge('HS384')}`)).rejects.toEqual(unauthenticated)
  })

  const pages: [object, boolean][] = [
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'none' }, false],
    [{ origin: 'http://here:3000', host: 'here:3000' }, true],
    [{ origin: 'http://here:3001', host: 'here:3000' }, false],
    [{ origin: 'null', host: 'here:3000' }, false],
    [{}, true],
  ]

  test.each(pages)('of a page that says %j may act: %s', async (headers, mayAct) => {
    const cookie = await start()
    const req = createRequest({ headers: { ...headers } })
    if (mayAct) {
      expect(() => assertSameOrigin(req)).not.toThrow()
      expect(await find(cookie, headers, 'POST')).toBeDefined()
    } else {
      expect(() => assertSameOrigin(req)).toThrow(forbidden)
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
        await expect(find(cookie, headers, method)).rejects.toEqual(forbidden)
      }
    }
    expect(await find(cookie, headers, 'GET')).toBeDefined()
  })

  test('gives way to a token, good or not', async () => {
    const identify = createIdentify(
      createAuthenticator({ jwtSecrets: [SECRET], maxAgeSeconds: 86_400 }),
      sessions.find,
    )
    const cookie = await start()
    expect(await identify(createRequest({ headers: { cookie } }))).toMatchObject({
      ownerId: 'alice',
    })
    const bob = `Bearer ${await sign({ sub: 'bob' })}`
    const both = createRequest({ headers: { cookie, authorization: bob } })
    expect(await identify(both)).toMatchObject({ ownerId: 'bob' })
    const wrong = createRequest({ headers: { cookie, authorization: 'Bearer none' } })
    await expect(identify(wrong)).rejects.toEqual(unauthenticated)
  })
})

describe('a hook', () => {
  const secret = newHookSecret()
  const secrets = [
    { source: 'shop', secret: newHookSecret() },
    { source: 'cms', secret },
  ]
  const verify = ({ headers, body }: { headers: object; body: Buffer }) =>
    verifyHook(secrets, headers as Record<string, string>, body.toString())

  test('is of the source whose secret signs it', () => {
    expect(verify(goodHook(secret, 'one'))).toEqual({
      source: 'cms',
      webhookId: expect.any(String),
    })
  })

  test.each([-290, 290])('of %i seconds from now is taken', (seconds) => {
    const body = '{}'
    const at = new Date(Date.now() + seconds * 1_000)
    expect(
      verify({ headers: signHook(body, { secret, at }), body: Buffer.from(body) }),
    ).toBeDefined()
  })

  test.each(Object.entries(forged(secret)))('that has %s is nobody’s', (_kind, make) => {
    for (let n = 0; n < 20; n++) expect(() => verify(make(n))).toThrow(unauthenticated)
  })

  test('is nobody’s where no source is known', () => {
    const { headers, body } = goodHook(secret, 'one')
    const find = () => verifyHook([], headers as Record<string, string>, body.toString())
    expect(find).toThrow(unauthenticated)
  })
})
