import { authorize } from './token.ts'
import type { Transport } from './transport.ts'

type Browser = { navigator?: { sendBeacon?: (url: string, body: string) => boolean } }

const NOT_THERE = 404

/**
 * Sends batches in a way that outlives the page: by a kept-alive fetch, which can carry the token, else by a beacon, which
 * cannot. A server that does not take them is not asked again.
 */
export const createTelemetrySender = (transport: Transport, fetch: typeof globalThis.fetch) => {
  const url = `${transport.base}/api/telemetry`
  // A page that is left does not wait for a promise.
  let token = ''
  let isUnwanted = false

  const post = async (body: string): Promise<void> => {
    token ||= await transport.tokens.get()
    const { status } = await fetch(url, {
      method: 'POST',
      keepalive: true,
      headers: { 'Content-Type': 'application/json', ...authorize(token) },
      body,
      signal: AbortSignal.timeout(transport.timeouts.requestMs),
    })
    if (status === 401) token = ''
    isUnwanted = status === NOT_THERE
  }

  return (body: string): void => {
    if (isUnwanted) return
    const { navigator } = globalThis as Browser
    if ('keepalive' in Request.prototype || !navigator?.sendBeacon) post(body).catch(() => {})
    else navigator.sendBeacon(url, body)
  }
}
