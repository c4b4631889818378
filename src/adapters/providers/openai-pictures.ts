import { setTimeout as delay } from 'node:timers/promises'
import { createFetchBytes } from '../../lib/vetted/fetch-bytes.ts'
import { toVetting } from '../../lib/vetted/vetting.ts'
import type { Sent } from './openai-answer.ts'

export type PictureSource = {
  baseUrl: string
  timeoutMs: number
  /** For development: pictures may be at addresses that are not public. */
  isPrivateAllowed: boolean
}

/** As large as what is made may be. */
const MAX_PICTURE_BYTES = 64 * 1_024 * 1_024

/** They are paid for: what does not come at once is asked for again. */
const RETRY_AFTER_MS = [500, 2_000]

/** Those that were received, each with its place in the answer. */
export type Received = { bytes: Uint8Array; at: number }[]

/**
 * Brings the pictures of an answer. What is only named is fetched: of the server itself with the key, of anyone else without it, from the public
 * internet alone, following nobody further. What can't be had is left out. Throws the signal's reason.
 */
export const createReceive = (source: PictureSource) => {
  const origin = new URL(source.baseUrl).origin
  const options = { timeoutMs: source.timeoutMs, maxBytes: MAX_PICTURE_BYTES }
  const fetchFromOthers = createFetchBytes({ ...options, ...toVetting(source) })
  const fetchFromServer = (apiKey: string) =>
    createFetchBytes({
      ...options,
      ...toVetting({ isPrivateAllowed: true }),
      headers: { authorization: `Bearer ${apiKey}` },
    })

  const fetchPicture = async (
    url: string,
    apiKey: string,
    signal: AbortSignal,
  ): Promise<Uint8Array> => {
    const isOwn = URL.canParse(url) && new URL(url).origin === origin
    const fetchBytes = isOwn ? fetchFromServer(apiKey) : fetchFromOthers
    for (const waitMs of RETRY_AFTER_MS) {
      const bytes = await fetchBytes(url, signal).catch(() => undefined)
      if (bytes) return bytes
      await delay(waitMs, undefined, { signal })
    }
    return fetchBytes(url, signal)
  }

  return async (sent: readonly Sent[], apiKey: string, signal: AbortSignal): Promise<Received> => {
    const received = await Promise.all(
      sent.map(async (each) => {
        const fetched = 'bytes' in each ? each.bytes : fetchPicture(each.url, apiKey, signal)
        const bytes = await Promise.resolve(fetched).catch(() => undefined)
        return bytes && bytes.length > 0 ? [{ bytes, at: each.at }] : []
      }),
    )
    return received.flat()
  }
}
