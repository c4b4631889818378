import { lookup, Resolver } from 'node:dns/promises'
import { isIP } from 'node:net'

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
  override readonly message = 'the host is not on the public internet'
}

/**
 * The addresses of a host, all of them allowed; of an IP address that itself. A name that has but one other among them
 * is refused. Throws `ForbiddenAddress`.
 */
export const findAddresses = async (
  host: string,
  resolve: ResolveName,
  isAllowed: (address: string) => boolean,
): Promise<string[]> => {
  const addresses = isIP(host) ? [host] : await resolve(host)
  if (addresses.length > 0 && addresses.every(isAllowed)) return addresses
  throw new ForbiddenAddress()
}
