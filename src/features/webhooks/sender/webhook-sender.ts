import http, { type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { withDeadline } from '../../../lib/deadline.ts'
import type { SendWebhook, WebhookRequest } from '../ports.ts'
import { readAnswer } from './answer.ts'
import { isPublicAddress } from './public-address.ts'
import { ForbiddenAddress, findAddresses, type ResolveName } from './vetted-addresses.ts'
import { hostOf, parseWebhookUrl } from './webhook-url.ts'

export type WebhookSenderOptions = {
  /** For everything from the name to the answer's status. */
  timeoutMs: number
  /** Development only: http, and any address. */
  isPrivateAllowed: boolean
  resolve: ResolveName
  /** Where webhooks may go. */
  isPublic?: (address: string) => boolean
}

/**
 * Posts webhooks to the public internet and nowhere else: a name is resolved once, every address of it is vetted, and
 * the connection goes to one of those; an address in the URL itself is vetted alike. No redirect is followed, no
 * proxy asked, no connection kept. Rejects when there is no answer, and with `signal`'s reason once that aborts.
 */
export const createWebhookSender = ({
  timeoutMs,
  isPrivateAllowed,
  resolve,
  isPublic = isPublicAddress,
}: WebhookSenderOptions): SendWebhook => {
  const isAllowed = isPrivateAllowed ? () => true : isPublic
  return async (request, signal) => {
    const response = await withDeadline(timeoutMs, signal, async (deadline) => {
      const url = new URL(parseWebhookUrl(request.url, isPrivateAllowed))
      const addresses = await findAddresses(hostOf(url), resolve, isAllowed)
      deadline.throwIfAborted()
      return post(url, addresses, isAllowed, request, deadline)
    })
    return readAnswer(response)
  }
}

const post = (
  url: URL,
  addresses: string[],
  isAllowed: (address: string) => boolean,
  { headers, body }: WebhookRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      lookup: pin(addresses),
      signal,
    }
    const { request: open } = url.protocol === 'http:' ? http : https
    const request = open(url, options, resolve)
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
