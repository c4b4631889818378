import { ImageonceError, readProblem, timedOut, unreachable } from './error.ts'
import { createRetry } from './retry.ts'
import { authorize, createTokens, type TokenSource } from './token.ts'
import { createWatchdog, unlessAborted, type Watchdog } from './watchdog.ts'

export type Timeouts = {
  /** How long one try may take to be answered, besides the time that the server is asked to wait. */
  requestMs: number
  /** A stream that is silent for so long is made anew; the server's heart beats every 15 s. */
  silenceMs: number
  /** How long after its first failure a call gives up on a server that cannot be reached, or refuses for the moment. */
  giveUpMs: number
}

export type TransportOptions = {
  baseUrl: string
  token: TokenSource
  fetch: typeof fetch
  timeouts: Timeouts
}

export type CallOptions = { signal?: AbortSignal | undefined }

export type Call = CallOptions & {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  headers?: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer> | Blob
  waitSeconds?: number
  giveUpMs?: number
}

export type Transport = ReturnType<typeof createTransport>

/** HTTP with a token that is renewed, time limits and repetition. What fails is an `ImageonceError`. */
export const createTransport = ({ baseUrl, token, fetch, timeouts }: TransportOptions) => {
  const tokens = createTokens(token)
  const base = baseUrl.replace(/\/+$/, '')

  /** One try. Its response may be of any status but an error's; `watchdog` ends it and its body. */
  const open = async (path: string, call: Call, { signal }: Watchdog): Promise<Response> => {
    const { method = 'GET', headers, body } = call
    const request = {
      method,
      ...(body !== undefined && { body }),
      // A framework that keeps what its pages fetch would show the same state for ever.
      cache: 'no-store',
      signal,
    } as const
    const ask = (bearer: string) =>
      fetch(`${base}${path}`, { ...request, headers: { ...headers, ...authorize(bearer) } }).catch(
        (error: unknown) => {
          throw explain(error, signal)
        },
      )
    const bearer = await unlessAborted(tokens.get(), signal)
    let response = await ask(bearer)
    if (response.status === 401) {
      const renewed = await unlessAborted(tokens.renew(bearer), signal)
      if (renewed !== bearer) {
        await response.body?.cancel()
        response = await ask(renewed)
      }
    }
    if (!response.ok) throw await readProblem(response)
    return response
  }

  const sendOnce = async <T>(path: string, call: Call): Promise<T> => {
    const watchdog = createWatchdog(call.signal, timedOut)
    const waitMs = (call.waitSeconds ?? 0) * 1_000
    watchdog.expectWithin(timeouts.requestMs + waitMs + uploadMs(call.body))
    try {
      const response = await open(path, call, watchdog)
      const text = await response.text().catch((error: unknown) => {
        throw explain(error, watchdog.signal)
      })
      return parseJson<T>(text, response.status)
    } finally {
      watchdog.release()
    }
  }

  /** The answer's JSON, nothing where it has none. Repeats what may be repeated, so a POST must be one that may. */
  const send = async <T>(path: string, call: Call = {}): Promise<T> => {
    const prefer = call.waitSeconds && { Prefer: `wait=${call.waitSeconds}` }
    const whole = { ...call, headers: { ...call.headers, ...prefer } }
    const retry = createRetry(call.giveUpMs ?? timeouts.giveUpMs)
    for (;;) {
      try {
        call.signal?.throwIfAborted()
        return await sendOnce<T>(path, whole)
      } catch (error) {
        await retry.waitAfter(error, call.signal)
      }
    }
  }

  return { base, timeouts, tokens, open, send }
}

/** The signal's reason after an abort; everything else is the network's fault. */
export const explain = (error: unknown, signal: AbortSignal): unknown => {
  if (signal.aborted) return signal.reason
  return error instanceof ImageonceError ? error : unreachable(error)
}

const NO_CONTENT = 204

const parseJson = <T>(text: string, status: number): T => {
  if (status === NO_CONTENT) return undefined as T
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ImageonceError('bad_answer', 'The answer is not from an image server.', {
      status,
      cause,
    })
  }
}

const SLOWEST_UPLOAD_BYTES_PER_MS = 20

const uploadMs = (body: Call['body']): number => {
  if (body === undefined) return 0
  const size = typeof body === 'string' ? body.length : 'size' in body ? body.size : body.length
  return size / SLOWEST_UPLOAD_BYTES_PER_MS
}
