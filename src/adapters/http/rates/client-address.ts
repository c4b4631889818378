import { isIP } from 'node:net'
import type { Request } from 'express'
import ipaddr from 'ipaddr.js'

/** Longer is no address. */
const MAX_CHARACTERS = 45
const NETWORK_PARTS = 4

/**
 * Where a request comes from, as rates count it: by IPv4 address, and by the /64 of IPv6, which is what one customer gets. Forwarded
 * addresses are believed of trusted proxies alone (`TRUSTED_PROXIES`).
 */
export const addressOf = (req: Request): string => toCounted(req.ip ?? '')

/** Some proxies say the port, too. */
export const toCounted = (given: string): string => {
  const [text = ''] = given.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1').split('%')
  if (isIP(text) !== 6) return text.slice(0, MAX_CHARACTERS)
  const address = ipaddr.IPv6.parse(text)
  if (address.isIPv4MappedAddress()) return address.toIPv4Address().toString()
  return address.parts
    .slice(0, NETWORK_PARTS)
    .map((part) => part.toString(16))
    .join(':')
}
