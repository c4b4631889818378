import type { IncomingMessage } from 'node:http'
import { withDeadline } from '../deadline.ts'
import { openVetted, type Vetting } from './vetted-request.ts'

export type FetchOptions = Vetting & {
  /** For everything from the name to the last byte. */
  timeoutMs: number
  maxBytes: number
  /** Sent along, for an address that is known. */
  headers?: Record<string, string>
}

/** Gets what is at an address that a caller named, as `openVetted` does, without credentials but those in `headers`; rejects with why it can't be had. */
export type FetchBytes = (url: string, signal: AbortSignal) => Promise<Uint8Array>

export const createFetchBytes =
  ({ timeoutMs, maxBytes, headers, ...vetting }: FetchOptions): FetchBytes =>
  (url, signal) =>
    withDeadline(timeoutMs, signal, async (deadline) => {
      const request = { method: 'GET' as const, url, headers: { accept: 'image/*', ...headers } }
      const response = await openVetted(vetting, request, deadline)
      try {
        return await readBytes(response, maxBytes)
      } finally {
        response.destroy()
      }
    })

const readBytes = async (response: IncomingMessage, maxBytes: number): Promise<Uint8Array> => {
  const { statusCode = 0 } = response
  if (statusCode >= 300 && statusCode < 400) {
    throw new Error(`it answered ${statusCode}: redirects are not followed`)
  }
  if (statusCode !== 200) throw new Error(`it answered ${statusCode}`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.length
    if (size > maxBytes) throw new Error(`it has more than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
