/* IANA's special-purpose address registries (iana.org/assignments/iana-ipv4-special-registry and -ipv6-), and multicast. */

const block = (name: string, first: string, last: string) => ({ name, first, last })

export const SPECIAL_V4 = [
  block('this network', '0.0.0.0', '0.255.255.255'),
  block('private 10/8', '10.0.0.0', '10.255.255.255'),
  block('shared by carriers', '100.64.0.0', '100.127.255.255'),
  block('loopback', '127.0.0.0', '127.255.255.255'),
  block('link-local', '169.254.0.0', '169.254.255.255'),
  block('private 172.16/12', '172.16.0.0', '172.31.255.255'),
  block('protocol assignments', '192.0.0.0', '192.0.0.255'),
  block('documentation 1', '192.0.2.0', '192.0.2.255'),
  block('AS112', '192.31.196.0', '192.31.196.255'),
  block('AMT', '192.52.193.0', '192.52.193.255'),
  block('6to4 relays', '192.88.99.0', '192.88.99.255'),
  block('private 192.168/16', '192.168.0.0', '192.168.255.255'),
  block('AS112 direct', '192.175.48.0', '192.175.48.255'),
  block('benchmarks', '198.18.0.0', '198.19.255.255'),
  block('documentation 2', '198.51.100.0', '198.51.100.255'),
  block('documentation 3', '203.0.113.0', '203.0.113.255'),
  block('multicast, reserved, broadcast', '224.0.0.0', '255.255.255.255'),
]

export const SPECIAL_V6 = [
  block('unspecified, loopback, IPv4-compatible', '::', '::ffff:ffff'),
  block('IPv4-mapped', '::ffff:0:0', '::ffff:ffff:ffff'),
  block('IPv4-translated', '::ffff:0:0:0', '::ffff:0:ffff:ffff'),
  block('NAT64', '64:ff9b::', '64:ff9b::ffff:ffff'),
  block('local NAT64', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'),
  block('discard', '100::', '100::ffff:ffff:ffff:ffff'),
  block('dummy', '100:0:0:1::', '100:0:0:1:ffff:ffff:ffff:ffff'),
  block('protocol assignments, Teredo, ORCHID', '2001::', '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff'),
  block('documentation', '2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'),
  block('6to4', '2002::', '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
  block('AS112', '2620:4f:8000::', '2620:4f:8000:ffff:ffff:ffff:ffff:ffff'),
  block('documentation, larger', '3fff::', '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff'),
  block('segment routing', '5f00::', '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
  block('unique local', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
  block('link-local', 'fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
  block('site-local', 'fec0::', 'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
  block('multicast', 'ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'),
]

const toNumber = (address: string): number =>
  address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0)

export const isSpecialV4 = (address: string): boolean =>
  SPECIAL_V4.some(
    ({ first, last }) =>
      toNumber(first) <= toNumber(address) && toNumber(address) <= toNumber(last),
  )
