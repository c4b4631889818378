import { isIPv4 } from 'node:net'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { isPublicAddress } from '../../src/lib/vetted/public-address.ts'
import { parsePublicUrl } from '../../src/lib/vetted/public-url.ts'
import { isSpecialV4, SPECIAL_V4, SPECIAL_V6 } from '../support/special-addresses.ts'

const PUBLIC = ['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.0', '172.32.0.1', '2606:4700::1']
const NO_ADDRESS = [
  '',
  'localhost',
  '127.1',
  '0x7f.0.0.1',
  '2130706433',
  '1.1.1.1 ',
  'fe80::1%eth0',
]

const v4 = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 })
  .map((octets) => octets.join('.'))

const toHex = (address: string) => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
}

describe('an address', () => {
  test.each(PUBLIC)('of the internet is public: %s', (address) => {
    expect(isPublicAddress(address)).toBe(true)
  })

  test.each([...SPECIAL_V4, ...SPECIAL_V6].map(({ first, last, name }) => [name, first, last]))(
    'of a special block is not: %s',
    (_name, first, last) => {
      expect([first, last].filter(isPublicAddress)).toEqual([])
    },
  )

  test.each(NO_ADDRESS)('that is none is not: %j', (text) => {
    expect(isPublicAddress(text)).toBe(false)
  })

  test('of IPv4 is public exactly when IANA has no special use for it', () => {
    fc.assert(
      fc.property(v4, (address) => {
        expect(isPublicAddress(address)).toBe(!isSpecialV4(address))
      }),
      { numRuns: 5_000 },
    )
  })

  test('of IPv6 that carries one of IPv4 never is', () => {
    const carriers = ['::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::', 'fe80::']
    fc.assert(
      fc.property(v4, fc.constantFrom(...carriers), (address, carrier) => {
        expect(isPublicAddress(`${carrier}${address}`)).toBe(false)
        expect(isPublicAddress(`${carrier}${toHex(address)}`)).toBe(false)
        expect(isPublicAddress(`2002:${toHex(address)}::1`)).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the URL of an endpoint', () => {
  test('may name IPv4 in any way that URLs have, and means the same address', () => {
    const number = fc.integer({ min: 0, max: 2 ** 32 - 1 })
    const write = fc.constantFrom<(n: number) => string>(
      (n) => String(n),
      (n) => `0x${n.toString(16)}`,
      (n) => `0${n.toString(8)}`,
      (n) => `${n >>> 24}.${n & 0xffffff}`,
      (n) => `0x${(n >>> 24).toString(16)}.0${((n >>> 16) & 255).toString(8)}.${n & 0xffff}`,
    )
    fc.assert(
      fc.property(number, write, (n, toText) => {
        const address = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255].join('.')
        const text = `https://${toText(n)}/hook`
        const accepted = accepts(text)
        expect({ text, accepted }).toEqual({ text, accepted: !isSpecialV4(address) })
      }),
      { numRuns: 3_000 },
    )
  })

  test.each([
    ['https://app.example/hook', 'https://app.example/hook'],
    ['https://app.example:8443/hook?a=1', 'https://app.example:8443/hook?a=1'],
    ['https://APP.example.', 'https://app.example./'],
    ['https://1.1.1.1', 'https://1.1.1.1/'],
  ])('is kept as it is meant: %s', (text, kept) => {
    expect(parsePublicUrl(text, false)).toBe(kept)
  })

  test.each([
    ['app.example/hook', 'must be a URL'],
    ['http://app.example', 'must be an https URL'],
    ['ftp://app.example', 'must be an https URL'],
    ['https://user@app.example', 'must not contain a user name or password'],
    ['https://:secret@app.example', 'must not contain a user name or password'],
    ['https://app.example/#part', 'must not have a fragment (#…)'],
    ['https://app.example:22', 'must have the port 443, or one from 1024 on'],
    ['https://app.example:80', 'must have the port 443, or one from 1024 on'],
    ['https://[fe80::1%25eth0]', 'must be a URL'],
    ['https://localhost', 'must be an address of the public internet'],
    ['https://localhost.', 'must be an address of the public internet'],
    ['https://a.localhost:8443', 'must be an address of the public internet'],
    ['https://intranet', 'must be an address of the public internet'],
    ['https://metadata.google.internal', 'must be an address of the public internet'],
    ['https://kubernetes.default.svc', 'must be an address of the public internet'],
    ['https://printer.lan', 'must be an address of the public internet'],
    ['https://hidden.ONION.', 'must be an address of the public internet'],
    ['https://db.prod.internal', 'must be an address of the public internet'],
    ['https://nas.local', 'must be an address of the public internet'],
    ['https://168.63.129.16', 'must be an address of the public internet'],
    ['https://2822734096', 'must be an address of the public internet'],
    ['https://169.254.169.254', 'must be an address of the public internet'],
    ['https://100.100.100.200', 'must be an address of the public internet'],
    ['https://192.0.0.192', 'must be an address of the public internet'],
    ['https://[fd00:ec2::254]', 'must be an address of the public internet'],
    ['https://[::1]', 'must be an address of the public internet'],
    ['https://[::127.0.0.1]', 'must be an address of the public internet'],
  ])('is refused with the reason: %s', (text, message) => {
    expect(() => parsePublicUrl(text, false)).toThrow(message)
  })

  test('may be anything over http(s) in development', () => {
    expect(parsePublicUrl('http://127.0.0.1:3000/a', true)).toBe('http://127.0.0.1:3000/a')
    expect(() => parsePublicUrl('file:///etc/passwd', true)).toThrow('must be an http or https')
  })
})

const accepts = (text: string): boolean => {
  try {
    return isIPv4(new URL(parsePublicUrl(text, false)).hostname)
  } catch {
    return false
  }
}
