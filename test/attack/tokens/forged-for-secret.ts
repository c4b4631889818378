import type { NamedToken } from '../scenarios/tokens.ts'
import { forgeJwt, secondsFromNow, signJwt, unsignedJwt } from './sign.ts'

const SUBJECT = 'alice'

/** Tokens against a shared secret: most carry a signature that is right, and are wrong in what it is of. */
export const forgeForSecret = async (secret: string): Promise<NamedToken[]> => {
  const claims = { sub: SUBJECT, exp: secondsFromNow(3_600) }
  const good = await signJwt(secret, { sub: SUBJECT })
  const [header = '', payload = '', signature = ''] = good.split('.')
  const forge = (head: unknown, body: unknown = claims) => forgeJwt(head, body, secret)
  const hs256 = { alg: 'HS256' }
  const forged: Record<string, string> = {
    ...Object.fromEntries(
      [
        'none',
        'None',
        'NONE',
        'nOnE',
        '',
        'null',
        'HS256 ',
        'hs256',
        'HS384',
        'HS512',
        'RS256',
        'ES256',
        'dir',
        '__proto__',
        'constructor',
      ].flatMap((alg) => [
        [`alg ${alg}`, forge({ alg })],
        [`alg ${alg}, unsigned`, unsignedJwt({ alg }, claims)],
      ]),
    ),
    'alg twice': forge('{"alg":"none","alg":"none"}'),
    'alg a list': forge({ alg: ['HS256'] }),
    'alg an object': forge({ alg: { HS256: true } }),
    'no alg': forge({ typ: 'JWT' }),
    'a header that is a list': forge([hs256]),
    'a header that is null': forge('null'),
    'a header that is no JSON': forge('{alg:HS256}'),
    'crit that nobody knows': forge({ ...hs256, crit: ['exp'] }),
    'crit with its own extension': forge({ ...hs256, crit: ['x'], x: true }),
    'crit, empty': forge({ ...hs256, crit: [] }),
    'b64 false': forge({ ...hs256, b64: false, crit: ['b64'] }),
    'an unencoded payload': `${header}.${JSON.stringify(claims)}.${signature}`,
    'no payload': `${header}..${signature}`,
    'a payload that is a list': forge(hs256, [claims]),
    'a payload that is null': forge(hs256, 'null'),
    'a payload that is a number': forge(hs256, '7'),
    'a payload that is no JSON': forge(hs256, `${JSON.stringify(claims)}x`),
    'another payload': `${header}.${Buffer.from(JSON.stringify({ ...claims, role: 'admin' })).toString('base64url')}.${signature}`,
    'a signature of nothing': `${header}.${payload}.`,
    'half a signature': `${header}.${payload}.${signature.slice(0, 20)}`,
    'a signature and more': `${header}.${payload}.${signature}AAAA`,
    'four parts': `${good}.${signature}`,
    'five parts, as of an encrypted one': `${good}.${signature}.${signature}`,
    'two parts': `${header}.${payload}`,
    'one part': header,
    dots: '..',
    'a token in a token': forge({ ...hs256, cty: 'JWT' }, good),
    'no secret': forgeJwt(hs256, claims, ''),
    'a guessed secret': forgeJwt(hs256, claims, 'secret'),
    'a kid that is a file': forgeJwt({ ...hs256, kid: '../../../dev/null' }, claims, ''),
    'a kid that is a statement': forgeJwt(
      { ...hs256, kid: "x' union select 'secret" },
      claims,
      'secret',
    ),
    'a key of its own': forgeJwt(
      { ...hs256, jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') } },
      claims,
      'mine',
    ),
    expired: forge(hs256, { ...claims, exp: secondsFromNow(-3_600) }),
    'expired long ago': forge(hs256, { ...claims, exp: 0 }),
    'an end before all time': forge(hs256, { ...claims, exp: -1e15 }),
    'an end that is a text': forge(hs256, { ...claims, exp: '9999999999' }),
    'an end that is null': forge(hs256, { ...claims, exp: null }),
    'an end that is an object': forge(hs256, { ...claims, exp: {} }),
    'from the future': forge(hs256, { ...claims, nbf: secondsFromNow(3_600) }),
    'a beginning that is a text': forge(hs256, { ...claims, nbf: 'now' }),
    ...Object.fromEntries(
      [
        undefined,
        null,
        '',
        7,
        true,
        [SUBJECT],
        { owner: SUBJECT },
        'x'.repeat(256),
        'a\0b',
        '\ud800',
      ].map((sub, n) => [`owner ${n}`, forge(hs256, { ...claims, sub })]),
    ),
    'a large token': forge(hs256, { ...claims, x: 'y'.repeat(6_000), exp: 0 }),
    'a huge token': forge(hs256, { ...claims, x: 'y'.repeat(40_000) }),
    'a deep token': forge(hs256, `${'['.repeat(3_000)}${']'.repeat(3_000)}`),
  }
  return Object.entries(forged).map(([name, token]) => ({ name, token }))
}
