import http, { type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { SendWebhook, WebhookAnswer, WebhookRequest } from '../webhooks/ports.ts'
import { isPublicAddress } from './public-address.ts'
import { ForbiddenAddress, findPublicAddresses, type ResolveName } from './vetted-addresses.ts'
import { hostOf, parseWebhookUrl } from './webhook-url.ts'

export type WebhookSenderOptions = {
  /** For everything from the name to the answer's end. */
  timeoutMs: number
  /** Development only: http and any address. */
  isPrivateAllowed: boolean
  resolve: ResolveName
}

/** What is kept of an answer. */
const MAX_ANSWER_BYTES = 1_024

/**
 * Posts webhooks to the public internet and nowhere else: the name is resolved once, every address of it is vetted, and
 * the connection goes to those; an address in the URL itself is vetted alike. No redirect is followed, no proxy
 * asked, no connection kept. Rejects when there is no answer; with `signal`'s reason once that aborts.
 */
export const createWebhookSender =
  ({ timeoutMs, isPrivateAllowed, resolve }: WebhookSenderOptions): SendWebhook =>
  async (request, signal) => {
    const deadline = new AbortController()
    const stop = () => deadline.abort(signal.reason)
    const timer = setTimeout(
      () => deadline.abort(new Error(`no answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    try {
      const url = new URL(parseWebhookUrl(request.url, isPrivateAllowed))
      const addresses = isPrivateAllowed
        ? await unlessAborted(
            isIP(hostOf(url)) ? [hostOf(url)] : resolve(hostOf(url)),
            deadline.signal,
          )
        : await unlessAborted(findPublicAddresses(hostOf(url), resolve), deadline.signal)
      const isAllowed = (address = '') => isPrivateAllowed || isPublicAddress(address)
      return await post(url, addresses, isAllowed, request, deadline.signal)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
    }
  }

const unlessAborted = <T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    Promise.resolve(work).then(resolve, reject)
  })

const post = (
  url: URL,
  addresses: string[],
  isAllowed: (address: string | undefined) => boolean,
  { headers, body }: WebhookRequest,
  signal: AbortSignal,
): Promise<WebhookAnswer> =>
  new Promise((resolve, reject) => {
    const options: RequestOptions = {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      agent: false,
      lookup: pin(addresses),
      signal,
    }
    const fail = (error: Error) => reject(signal.aborted ? signal.reason : error)
    const { request: open } = url.protocol === 'http:' ? http : https
    const request = open(url, options, (response) => readAnswer(response).then(resolve, fail))
    // Never met while `lookup` is asked and literal addresses are vetted; not left to that alone.
    request.on('socket', (socket) =>
      socket.once('connect', () => {
        if (!isAllowed(socket.remoteAddress)) request.destroy(new ForbiddenAddress())
      }),
    )
    request.on('error', fail)
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
    else answer(new Error('no address'), '')
  }

/** The status counts from when it is there, however the body goes on. */
const readAnswer = async (response: IncomingMessage): Promise<WebhookAnswer> => {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of response) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_ANSWER_BYTES) break
    }
  } catch {
    // Broken off or too slow.
  }
  const start = Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES)
  return {
    statusCode: response.statusCode ?? 0,
    answer: start.toString().replaceAll('\u0000', ''),
    retryAfter: response.headers['retry-after'],
  }
}
