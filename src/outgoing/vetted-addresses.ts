import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'
import { isPublicAddress } from './public-address.ts'

/** The addresses of a name; rejects when it has none. */
export type ResolveName = (name: string) => Promise<string[]>

const DNS_TIMEOUT_MS = 3_000
const DNS_TRIES = 2

/** Asks the name servers, and not `getaddrinfo`: its few threads are the whole process's. */
export const resolveName: ResolveName = async (name) => {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES })
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
  const found = [v4, v6].flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  if (found.length === 0) throw v4.status === 'rejected' ? v4.reason : new Error('no address')
  return found
}

/** As the machine resolves names, `/etc/hosts` included: for development. */
export const resolveLocally: ResolveName = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address)

/** Said of a host that leads to where webhooks may not go. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress'
}

/**
 * The addresses of a host, all of them public; for an IP address that itself. A name that has but one private address
 * among others is refused. Throws `ForbiddenAddress`.
 */
export const findPublicAddresses = async (
  host: string,
  resolve: ResolveName,
): Promise<string[]> => {
  const addresses = isIP(host) ? [host] : await resolve(host)
  if (addresses.length > 0 && addresses.every(isPublicAddress)) return addresses
  throw new ForbiddenAddress('The host is not on the public internet.')
}
