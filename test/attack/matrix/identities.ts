import type { Target } from '../target.ts'
import { secondsFromNow, signJwt, unsignedJwt } from '../tokens/sign.ts'

/** What a caller is to alice's things. */
export type Standing = 'nobody' | 'owner' | 'other' | 'operator' | 'page of another site'

export type Identity = {
  name: string
  standing: Standing
  /** The owner that it calls as. */
  owner: string
  headers: Record<string, string>
  /** A key with every scope but an operator's. */
  isKey?: boolean
}

/** Everyone who calls, a line each. Alice owns what is asked for. */
export const makeIdentities = async ({
  secrets,
  ask,
}: Pick<Target, 'secrets' | 'ask'>): Promise<Identity[]> => {
  const { AUTH_JWT_SECRET, OPERATOR_KEY } = secrets
  const sign = (claims: object, secret = AUTH_JWT_SECRET) => signJwt(secret, { ...claims })
  const alice = await sign({ sub: 'alice' })
  const bob = await sign({ sub: 'bob' })
  const olga = await sign({ sub: 'olga', role: 'admin' })
  const [body = '', signature = ''] = [alice.slice(0, alice.lastIndexOf('.')), alice.split('.')[2]]
  const claims = { sub: 'alice', role: 'admin', exp: secondsFromNow(3_600) }

  const signIn = async (token: string): Promise<string> => {
    const headers = { 'content-type': 'application/json' }
    const told = await ask({
      method: 'POST',
      path: '/api/session',
      headers,
      body: JSON.stringify({ token }),
    })
    const cookie = told.headers['set-cookie']?.[0]?.split(';')[0]
    if (!cookie) throw new Error(`no session: ${told.status} ${told.text}`)
    return cookie
  }
  const callKeys = async (method: string, id: string, input: object) => {
    const headers = { ...bearer(olga), 'content-type': 'application/json' }
    const body = JSON.stringify(input)
    const told = await ask({ method, path: `/api/keys${id}`, headers, body })
    if (told.status >= 300) throw new Error(`no key: ${told.status} ${told.text}`)
    return JSON.parse(told.text) as { id: string; key: string }
  }
  const makeKey = (ownerId: string) =>
    callKeys('POST', '', { name: `of ${ownerId}`, ownerId, scopes: OWNERS_SCOPES })
  const session = await signIn(alice)
  const revoked = await makeKey('alice')
  await callKeys('DELETE', `/${revoked.id}`, {})
  const ofSite = (site: string) => ({ cookie: session, 'sec-fetch-site': site })

  return [
    nobody('none', {}),
    nobody('an empty token', { authorization: 'Bearer ' }),
    nobody('another scheme', {
      authorization: `Basic ${Buffer.from('alice:').toString('base64')}`,
    }),
    nobody('two tokens', { authorization: `Bearer ${alice} ${alice}` }),
    nobody('no token at all', { authorization: 'Bearer not.a.token' }),
    nobody('half a token', { authorization: `Bearer ${body}` }),
    nobody('expired', bearer(await sign({ sub: 'alice', exp: secondsFromNow(-3_600) }))),
    nobody('not yet good', bearer(await sign({ sub: 'alice', nbf: secondsFromNow(3_600) }))),
    nobody(
      'another secret',
      bearer(await sign({ sub: 'alice' }, 'a secret of somebody else, as long')),
    ),
    nobody('another signature', bearer(`${body}.${[...signature].reverse().join('')}`)),
    nobody('alg none', bearer(unsignedJwt({ alg: 'none' }, claims))),
    nobody('alg none, signed', bearer(`${unsignedJwt({ alg: 'none' }, claims)}${signature}`)),
    nobody('no owner', bearer(await sign({}))),
    nobody('a number for an owner', bearer(await sign({ sub: 7 as unknown as string }))),
    nobody(
      'another key of an operator',
      bearer(`${OPERATOR_KEY.slice(0, -1)}!`.replace('!', '0x')),
    ),
    nobody('a session that was changed', { cookie: `${session.slice(0, -4)}AAAA` }),
    nobody('a token as a session', { cookie: `imageonce_session=${alice}` }),
    nobody('a session as a token', bearer(session.split('=')[1] ?? '')),
    nobody('a key that was revoked', bearer(revoked.key)),
    nobody('a key that was changed', bearer(revoked.key.replace(/.$/, '0'))),
    keyOf('owner by key', 'owner', 'alice', (await makeKey('alice')).key),
    keyOf('other owner by key', 'other', 'bob', (await makeKey('bob')).key),
    { name: 'owner', standing: 'owner', owner: 'alice', headers: bearer(alice) },
    { name: 'owner by session', standing: 'owner', owner: 'alice', headers: ofSite('same-origin') },
    ...['cross-site', 'same-site'].map(
      (site): Identity => ({
        name: `owner by session, ${site}`,
        standing: 'page of another site',
        owner: 'alice',
        headers: ofSite(site),
      }),
    ),
    {
      name: 'owner by session, a foreign Origin',
      standing: 'page of another site',
      owner: 'alice',
      headers: { cookie: session, origin: 'https://evil.example' },
    },
    { name: 'other owner', standing: 'other', owner: 'bob', headers: bearer(bob) },
    {
      name: 'other owner by session',
      standing: 'other',
      owner: 'bob',
      headers: { cookie: await signIn(bob) },
    },
    {
      name: 'other owner beside alice’s session',
      standing: 'other',
      owner: 'bob',
      headers: { ...bearer(bob), cookie: session },
    },
    {
      name: 'an owner with another role',
      standing: 'other',
      owner: 'carol',
      headers: bearer(await sign({ sub: 'carol', role: ['admin'], isAdmin: true })),
    },
    { name: 'operator', standing: 'operator', owner: 'olga', headers: bearer(olga) },
    {
      name: 'operator by session',
      standing: 'operator',
      owner: 'olga',
      headers: { cookie: await signIn(olga) },
    },
    { name: 'operator by key', standing: 'operator', owner: 'olga', headers: bearer(OPERATOR_KEY) },
  ]
}

/** All that are not an operator's. */
const OWNERS_SCOPES = ['read', 'generate', 'upload', 'delete', 'items', 'webhooks']

const keyOf = (name: string, standing: Standing, owner: string, key: string): Identity => ({
  name,
  standing,
  owner,
  headers: bearer(key),
  isKey: true,
})

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const nobody = (name: string, headers: Record<string, string>): Identity => ({
  name,
  standing: 'nobody',
  owner: '',
  headers,
})
