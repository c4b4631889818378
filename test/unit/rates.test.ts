import { describe, expect, test } from '@jest/globals'
import type { Request } from 'express'
import type { KeyIdentity } from '../../src/adapters/http/principal.ts'
import { toCounted } from '../../src/adapters/http/rates/client-address.ts'
import { defaultRateLimits, type RateLimits } from '../../src/adapters/http/rates/rate-classes.ts'
import { createRates } from '../../src/adapters/http/rates/rates.ts'
import { findRateClass } from '../../src/adapters/http/rates/route-classes.ts'
import { parseConfig } from '../../src/app/config.ts'

const KEY: KeyIdentity = {
  ...{ id: 'k_1', name: 'test', ownerId: 'alice', namespace: undefined, scopes: ['generate'] },
  ...{ models: undefined, sizes: undefined, lanes: undefined, origins: undefined },
  ...{ rates: undefined, variants: 'one', expiresAt: undefined },
}

const setUp = (limits: RateLimits | undefined = defaultRateLimits()) => {
  const headers = new Map<string, string>()
  const rates = createRates({
    limits,
    addressFactor: 1,
    share: async () => [],
    onError: () => {},
  })
  const res = { locals: { rateClass: 'ask' }, setHeader: headers.set.bind(headers) }
  return { rates, headers, req: { res } as unknown as Request }
}

describe('a key', () => {
  test('is used as often in a minute as it says, whoever else its owner is', async () => {
    const { rates, headers, req } = setUp()
    const identify = (perMinute?: number) =>
      rates.boundCaller(async () => ({
        ownerId: 'alice',
        isAdmin: false,
        ...(perMinute !== undefined && { key: { ...KEY, rates: { perMinute } } }),
      }))(req)
    await identify(2)
    expect(headers.get('RateLimit')).toBe('"key";r=1;t=60')
    expect(headers.get('RateLimit-Policy')).toBe('"key";q=2;w=60')
    await identify(2)
    await expect(identify(2)).rejects.toMatchObject({
      code: 'rate_limited',
      retryable: true,
      message: 'This key may ask for images 2 times a minute.',
    })
    await identify()
    expect(headers.get('RateLimit')).toBe('"ask";r=1197;t=60')
  })
})

describe('an address', () => {
  test.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['192.0.2.7:4711', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2:ffff::1', '2001:db8:1:2'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['unknown', 'unknown'],
    ['x'.repeat(9_000), 'x'.repeat(45)],
  ])('%.45s counts as %.45s', (given, counted) => expect(toCounted(given)).toBe(counted))
})

describe('the class of a request', () => {
  test.each([
    ['POST', '/api/visualize/generate', 'ask'],
    ['POST', '/API/Visualize/Generate/', 'ask'],
    ['HEAD', '/api/generations/g_1', 'read'],
    ['POST', '/api/webhooks/we_1/test', 'webhook-test'],
    ['GET', '/images/i_1.signature', 'image'],
    ['GET', '/readyz', 'probe'],
    ['GET', '/api/generations/g_1/none', undefined],
    ['PUT', '/gallery', undefined],
  ])('of %s %s is %s', (method, path, found) => expect(findRateClass(method, path)).toBe(found))
})

describe('the settings', () => {
  test('change the classes that they name, or switch all off', () => {
    const { rates } = parseConfig({ RATE_LIMITS: 'ask=5, sign-in=2' })
    expect(rates.limits).toEqual({ ...defaultRateLimits(), ask: 5, 'sign-in': 2 })
    expect(parseConfig({}).rates.limits).toEqual(defaultRateLimits())
    expect(parseConfig({ RATE_LIMITS: 'off' }).rates.limits).toBeUndefined()
  })

  test.each(['none', 'asks=5', 'ask=0', 'ask=-1', 'ask', 'ask=5,'])('refuse %s', (text) => {
    expect(() => parseConfig({ RATE_LIMITS: text })).toThrow(/RATE_LIMITS must be off, or class=/)
  })

  test('say whom to believe, by number or by place', () => {
    const read = (text: string) => parseConfig({ TRUSTED_PROXIES: text }).http.trustedProxies
    expect(read('1')).toBe(1)
    expect(read('loopback, 10.0.0.0/8,fd00::/8')).toEqual(['loopback', '10.0.0.0/8', 'fd00::/8'])
    for (const wrong of ['true', '10.0.0.0/33', 'nginx', '10.0.0.0/8/8', '-1']) {
      expect(() => read(wrong)).toThrow(/TRUSTED_PROXIES must be/)
    }
  })
})
