import { networkInterfaces } from 'node:os'

/** What nobody's webhook may reach. */
export type SsrfUrl = {
  url: string
  kind: string
  /** True when it leads to this very machine, where there is no guard. */
  leadsHere: boolean
}

const ELSEWHERE_V4 = [
  '10.0.0.1',
  '172.17.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '169.254.170.2',
  '100.64.0.1',
  '100.100.100.200',
  '192.0.0.192',
  '198.18.0.1',
  '203.0.113.9',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
]
const ELSEWHERE_V6 = ['fc00::1', 'fe80::1', 'fec0::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::1']

const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
const OWN_V4 = [...new Set(['127.0.0.1', '127.0.0.2', '0.0.0.0', ...listOwn('IPv4')])]
const OWN_V6 = [...new Set(['::1', '::', ...listOwn('IPv6')])]

/** Without link-local ones: these need a zone, which a URL can't name. */
function listOwn(family: 'IPv4' | 'IPv6'): string[] {
  return own.filter((each) => each.family === family && !each.scopeid).map(({ address }) => address)
}

const octetsOf = (address: string) => address.split('.').map(Number)
const numberOf = (address: string) => octetsOf(address).reduce((sum, each) => sum * 256 + each, 0)
const hex = (n = 0, digits = 0) => n.toString(16).padStart(digits, '0')

/** Every way of writing an IPv4 address that URLs know (url.spec.whatwg.org, "IPv4 parser"). */
const writeV4: Record<string, (address: string) => string> = {
  dotted: (address) => address,
  'dotted, with a dot': (address) => `${address}.`,
  decimal: (address) => String(numberOf(address)),
  hexadecimal: (address) => `0x${hex(numberOf(address))}`,
  'capital hexadecimal': (address) => `0X${hex(numberOf(address)).toUpperCase()}`,
  octal: (address) => `0${numberOf(address).toString(8)}`,
  'octal octets': (address) =>
    octetsOf(address)
      .map((each) => `0${each.toString(8)}`)
      .join('.'),
  'hexadecimal octets': (address) =>
    octetsOf(address)
      .map((each) => `0x${hex(each)}`)
      .join('.'),
  'padded octets': (address) =>
    octetsOf(address)
      .map((each) => `000${each.toString(8)}`)
      .join('.'),
  'two parts': (address) => `${octetsOf(address)[0]}.${numberOf(address) % 2 ** 24}`,
  'three parts': (address) =>
    `${octetsOf(address).slice(0, 2).join('.')}.${numberOf(address) % 2 ** 16}`,
  'full-width digits': (address) =>
    address.replace(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
  'ideographic dots': (address) => address.replaceAll('.', '。'),
  'percent-encoded': (address) => address.replace(/\d/g, (digit) => `%3${digit}`),
}

/** Every way of wrapping an IPv4 address in one of IPv6. */
const wrapV4: Record<string, (address: string) => string> = {
  mapped: (address) => `::ffff:${address}`,
  'mapped, hexadecimal': (address) => `::ffff:${halves(address)}`,
  'mapped, in full': (address) => `0000:0000:0000:0000:0000:FFFF:${halves(address)}`,
  compatible: (address) => `::${address}`,
  'compatible, in full': (address) => `0:0:0:0:0:0:${halves(address)}`,
  translated: (address) => `::ffff:0:${address}`,
  NAT64: (address) => `64:ff9b::${address}`,
  'local NAT64': (address) => `64:ff9b:1::${halves(address)}`,
  '6to4': (address) => `2002:${halves(address)}::1`,
  Teredo: (address) => `2001::${halves(address)}`,
}
/** Those that Linux takes for the address inside. */
const IS_THE_SAME = /^mapped/

const halves = (address: string): string => {
  const [a, b, c, d] = octetsOf(address)
  return `${hex(a, 2)}${hex(b, 2)}:${hex(c, 2)}${hex(d, 2)}`
}

/** Names of the stand-in resolver, and what they lead to. */
const ssrfNames = new Map<string, string[]>()

/** At least 500 distinct URLs for one port, by literal address and by name. */
export const listSsrfUrls = (port: number): SsrfUrl[] => {
  const at = (host: string, kind: string, leadsHere: boolean): SsrfUrl => ({
    url: `https://${host}:${port}/`,
    kind,
    leadsHere,
  })
  const isOwn = (address: string) => [...OWN_V4, ...OWN_V6].includes(address)
  const everyV4 = [...OWN_V4, ...ELSEWHERE_V4]
  const everyV6 = [...OWN_V6, ...ELSEWHERE_V6]
  const literals = everyV4.flatMap((address) => [
    ...Object.entries(writeV4).map(([kind, write]) => at(write(address), kind, isOwn(address))),
    ...Object.entries(wrapV4).map(([kind, wrap]) =>
      at(`[${wrap(address)}]`, kind, isOwn(address) && IS_THE_SAME.test(kind)),
    ),
  ])
  const literalsV6 = everyV6.map((address) => at(`[${address}]`, 'IPv6', isOwn(address)))
  const wrapped = everyV4.flatMap((address) => [address, `::ffff:${address}`])
  const named = [...wrapped, ...everyV6].flatMap((address, i) => {
    const alone = name(`private-${i}.example`, address)
    const among = name(`mixed-${i}.example`, '1.1.1.1', address)
    const leadsHere = isOwn(address.replace('::ffff:', ''))
    return [
      at(alone, 'name', leadsHere),
      at(`${alone}.`, 'name with a dot', leadsHere),
      at(among, 'name among public addresses', false),
    ]
  })
  return unique([...literals, ...literalsV6, ...named, ...localNames(at)])
}

const name = (host: string, ...addresses: string[]): string => {
  ssrfNames.set(host, addresses)
  ssrfNames.set(`${host}.`, addresses)
  return host
}

const localNames = (at: (host: string, kind: string, leadsHere: boolean) => SsrfUrl) =>
  ['localhost', 'LOCALHOST.', 'a.localhost', 'localhost.localdomain', 'metadata.google.internal']
    .map((host) => name(host.toLowerCase().replace(/\.$/, ''), '127.0.0.1') && host)
    .map((host) => at(host, 'local name', true))

const unique = (urls: SsrfUrl[]): SsrfUrl[] => [
  ...new Map(urls.map((each) => [each.url, each])).values(),
]

/** Answers as `ssrfNames` says. */
export const resolveSsrfName = async (host: string): Promise<string[]> => {
  const found = ssrfNames.get(host)
  if (found) return found
  throw new Error(`there is no ${host}`)
}
