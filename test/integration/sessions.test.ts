import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Generation } from '../../src/contract/generation.ts'
import { problemSchema } from '../../src/contract/problem.ts'
import { startTestApp, type TestApp } from '../support/app.ts'
import { countEverything } from '../support/problems.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp({ env: { OPERATOR_KEYS: `olga:${OPERATOR_KEY}` } })
})
afterAll(() => app.stop())

type SignedIn = { isSignedIn: true; ownerId: string; isAdmin: boolean; expiresAt: string }

const OPERATOR_KEY = 'olgas-own-key-which-is-hers-alone-4711'
const OURS = { 'Sec-Fetch-Site': 'same-origin' }
const JSON_TYPE = { 'Content-Type': 'application/json' }

const signIn = (body: unknown, headers: Record<string, string> = OURS) =>
  fetch(`${app.url}/api/session`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  })

/** The cookie as a browser would send it back, and what was said besides of how to keep it. */
const signedIn = async (owner = 'alice', admin = false) => {
  const response = await signIn({ token: await app.token(owner, admin) })
  expect(response.status).toBe(201)
  const [cookie = '', ...attributes] = (response.headers.get('set-cookie') ?? '').split('; ')
  return { cookie, attributes, answer: (await response.json()) as SignedIn }
}

const submit = (headers: Record<string, string>, prompt = 'refused to others') =>
  fetch(`${app.url}/api/visualize/generate`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ prompt }),
  })

const codeOf = async (response: Response) => problemSchema.parse(await response.json()).code

describe('signing in', () => {
  test('gives a cookie that no script reads and no other site sends', async () => {
    const { attributes, answer } = await signedIn()
    expect(attributes).toEqual(expect.arrayContaining(['HttpOnly', 'SameSite=Strict', 'Path=/']))
    expect(attributes).not.toContain('Secure')
    expect(answer).toMatchObject({ isSignedIn: true, ownerId: 'alice', isAdmin: false })
    const hours = (Date.parse(answer.expiresAt) - Date.now()) / 3_600_000
    expect(hours).toBeGreaterThan(11)
    expect(hours).toBeLessThanOrEqual(12)
  })

  test('takes an operator’s key as well', async () => {
    const response = await signIn({ token: OPERATOR_KEY })
    expect(response.status).toBe(201)
    expect(await response.json()).toMatchObject({ ownerId: 'operator:olga', isAdmin: true })
  })

  test('refuses a token that is none, and says so', async () => {
    const refused = await signIn({ token: 'none' })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('set-cookie')).toBeNull()
    expect(await codeOf(refused)).toBe('unauthenticated')
    expect(await codeOf(await signIn({}))).toBe('invalid_request')
  })

  test('is refused to a page of another site', async () => {
    const body = { token: await app.token() }
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { Origin: 'https://evil.example' },
    ]) {
      const refused = await signIn(body, headers)
      expect([refused.status, await codeOf(refused)]).toEqual([403, 'forbidden'])
    }
  })
})

describe('a session', () => {
  test('stands in for a token', async () => {
    const { cookie } = await signedIn('bob')
    const response = await submit({ ...OURS, Cookie: cookie, Prefer: 'wait=20' }, 'by session')
    const { id } = (await response.json()) as Generation
    expect(response.status).toBe(200)
    const own = await fetch(`${app.url}/api/generations/${id}`, { headers: { Cookie: cookie } })
    expect(own.status).toBe(200)
    await own.arrayBuffer()
    const { cookie: other } = await signedIn('carol')
    const foreign = await fetch(`${app.url}/api/generations/${id}`, { headers: { Cookie: other } })
    expect(await codeOf(foreign)).toBe('not_found')
  })

  test('changes nothing for a page of another origin', async () => {
    const { cookie } = await signedIn()
    const before = await countEverything(app)
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { Origin: 'http://127.0.0.1:1' },
    ]) {
      const refused = await submit({ ...headers, Cookie: cookie })
      expect([refused.status, await codeOf(refused)]).toEqual([403, 'forbidden'])
    }
    expect(await countEverything(app)).toEqual(before)
  })

  test('ends with the token it was begun with', async () => {
    const { SignJWT } = await import('jose')
    const endsAt = Math.floor(Date.now() / 1_000) + 600
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('dora')
      .setExpirationTime(endsAt)
      .sign(new TextEncoder().encode(app.secrets.jwtSecrets[0]))
    const answer = (await (await signIn({ token })).json()) as SignedIn
    expect(answer.expiresAt).toBe(new Date(endsAt * 1_000).toISOString())
  })

  test('that was tampered with is none', async () => {
    const { cookie } = await signedIn()
    const broken = `${cookie.slice(0, -6)}AAAAAA`
    const response = await fetch(`${app.url}/api/generations`, { headers: { Cookie: broken } })
    expect(await codeOf(response)).toBe('unauthenticated')
    const asked = await fetch(`${app.url}/api/session`, { headers: { Cookie: broken } })
    expect(await asked.json()).toEqual({ isSignedIn: false })
  })

  test('ends by signing out', async () => {
    const { cookie } = await signedIn()
    const out = await fetch(`${app.url}/api/session`, {
      method: 'DELETE',
      headers: { ...OURS, Cookie: cookie },
    })
    expect(out.status).toBe(204)
    expect(out.headers.get('set-cookie')).toMatch(/^imageonce_session=; .*Expires=Thu, 01 Jan 1970/)
  })
})

describe('where the public address is HTTPS', () => {
  test('the cookie goes over HTTPS alone', async () => {
    const secure = await startTestApp({ workers: 0, env: { PUBLIC_URL: 'https://images.example' } })
    try {
      const response = await fetch(`${secure.url}/api/session`, {
        method: 'POST',
        headers: { ...JSON_TYPE, ...OURS },
        body: JSON.stringify({ token: await secure.token() }),
      })
      await response.arrayBuffer()
      expect(response.headers.get('set-cookie')).toContain('; Secure')
    } finally {
      await secure.stop()
    }
  })
})
