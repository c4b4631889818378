import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What the IANA has given out for the internet; the rest of IPv6 leads to somewhere special, or back to us. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** Public by number, and answered by the cloud around the machine: Azure's WireServer, which hands out its settings and secrets. */
const CLOUDS_OWN = ['168.63.129.16']

/**
 * True for an IP address of the public internet, in the form that sockets and resolvers give it. Everything else is
 * false, what is no address too: private, loopback, link-local, shared, multicast, reserved, documentation, and every form
 * of IPv6 that carries an IPv4 address (IANA's special-purpose registries).
 */
export const isPublicAddress = (text: string): boolean => {
  if (isIP(text) === 0 || text.includes('%') || CLOUDS_OWN.includes(text)) return false
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast') return false
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST)
}
