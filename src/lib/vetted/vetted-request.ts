import http, { type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'
import { hostOf, parsePublicUrl } from './public-url.ts'
import { ForbiddenAddress, findAddresses, type ResolveName } from './vetted-addresses.ts'

export type Vetting = {
  /** Development only: http, and any address. */
  isPrivateAllowed: boolean
  resolve: ResolveName
  /** Where requests may go. */
  isPublic?: (address: string) => boolean
}

export type OutgoingRequest = {
  method: 'POST' | 'GET'
  url: string
  headers: Record<string, string>
  body?: string
}

/**
 * Opens a request to an address that a caller named, on the public internet and nowhere else: a name is resolved once, every
 * address of it is vetted, and the connection goes to one of those; an address in the URL itself is vetted alike. No redirect is
 * followed, no proxy asked, no connection kept. Rejects when there is no answer, and once `signal` aborts.
 */
export const openVetted = async (
  { isPrivateAllowed, resolve, isPublic = isPublicAddress }: Vetting,
  request: OutgoingRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  const isAllowed = isPrivateAllowed ? () => true : isPublic
  const url = new URL(parsePublicUrl(request.url, isPrivateAllowed))
  const addresses = await findAddresses(hostOf(url), resolve, isAllowed)
  signal.throwIfAborted()
  return open(url, addresses, isAllowed, request, signal)
}

const open = (
  url: URL,
  addresses: string[],
  isAllowed: (address: string) => boolean,
  { method, headers, body }: OutgoingRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const options: RequestOptions = {
      method,
      headers: { ...headers, ...length },
      agent: false,
      lookup: pin(addresses),
      signal,
    }
    const { request: begin } = url.protocol === 'http:' ? http : https
    const request = begin(url, options, resolve)
    // Node asks `lookup` for names only, and addresses were vetted before: this is never met, and not left to that.
    request.on('socket', (socket) =>
      socket.once('connect', () => {
        if (!isAllowed(socket.remoteAddress ?? '')) request.destroy(new ForbiddenAddress())
      }),
    )
    request.on('error', reject)
    request.end(body)
  })

/** Answers every question for an address with the vetted ones. */
const pin =
  (addresses: string[]): LookupFunction =>
  (_hostname, { all }, answer) => {
    const entries = addresses.map((address) => ({ address, family: isIP(address) }))
    const [first] = entries
    if (all) answer(null, entries)
    else if (first) answer(null, first.address, first.family)
    else answer(new ForbiddenAddress(), '')
  }
