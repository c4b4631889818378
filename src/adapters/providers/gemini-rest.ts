import { createHash } from 'node:crypto'
import { startDeadline } from '../../lib/deadline.ts'
import type { ProviderError } from '../../lib/errors.ts'
import { fromStatus } from './gemini-error.ts'
import { createProviderError } from './provider-error.ts'
import { traceRequest } from './request-trace.ts'

export type GeminiRestConfig = {
  apiKey: string
  baseUrl: string
  /** Bounds one request, from the connection to the last byte of its answer; of a download each wait for more. */
  timeoutMs: number
}

type Request = {
  method?: 'GET' | 'POST' | 'DELETE'
  json?: unknown
  bytes?: Uint8Array<ArrayBuffer>
  headers?: Record<string, string>
  /** For the words of errors. */
  model?: string
}

export type GeminiRest = ReturnType<typeof createGeminiRest>

/** The parts of the Gemini API that the SDK lacks. All throw `ProviderError` by the same table as calls, or the signal's reason. */
export const createGeminiRest = ({ apiKey, baseUrl, timeoutMs }: GeminiRestConfig) => {
  const base = baseUrl.replace(/\/+$/, '')

  /** `path` begins behind the address; the answer's status is a success. */
  const open = async (path: string, request: Request, signal: AbortSignal): Promise<Response> => {
    const { method = 'GET', json, bytes, headers, model = '' } = request
    const body = json === undefined ? bytes : JSON.stringify(json)
    const sent = traceRequest(() =>
      fetch(`${base}/${path}`, {
        method,
        headers: {
          'x-goog-api-key': apiKey,
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body }),
        // The key goes nowhere else.
        redirect: 'manual',
        signal,
      }),
    )
    let response: Response
    try {
      response = await sent.result
    } catch (cause) {
      if (sent.neverSent()) {
        throw createProviderError('overloaded', 'The image provider could not be reached.', {
          cause,
        })
      }
      throw createProviderError('ambiguous', 'The connection to the image provider broke.', {
        cause,
      })
    }
    if (response.ok) return response
    throw await describeFailure(response, model)
  }

  /** The JSON that is answered, and the headers. */
  const call = async (
    path: string,
    request: Request,
    callerSignal: AbortSignal,
  ): Promise<{ json: unknown; headers: Headers }> => {
    callerSignal.throwIfAborted()
    const deadline = startDeadline(timeoutMs, callerSignal)
    try {
      const response = await open(path, request, deadline.signal)
      const text = await response.text()
      return { json: text.trim() === '' ? {} : JSON.parse(text), headers: response.headers }
    } catch (error) {
      callerSignal.throwIfAborted()
      if (deadline.timedOut()) throw tookTooLong(timeoutMs, error)
      throw error instanceof SyntaxError || error instanceof TypeError ? unreadable(error) : error
    } finally {
      deadline.clear()
    }
  }

  return {
    open,
    call,
    timeoutMs,
    /** Tells one key from another without giving it away. */
    account: createHash('sha256').update(apiKey).digest('hex').slice(0, 12),
  }
}

/** True of what the provider has not, or lets nobody have: it says 403 of a file that is not there. */
export const isAbsent = (error: unknown): boolean =>
  (error as Partial<ProviderError>).code === 'model_gone' || isForbidden(error)

const isForbidden = (error: unknown): boolean =>
  (error as { cause?: unknown }).cause instanceof StatusError &&
  (error as { cause: StatusError }).cause.status === 403

/** Beyond this an error is not described, but something else. */
const MAX_ERROR_CHARACTERS = 65_536

const describeFailure = async (response: Response, model: string): Promise<ProviderError> => {
  const text = await response.text().catch(() => '')
  const { status } = response
  const { error } = parseError(text.slice(0, MAX_ERROR_CHARACTERS))
  return fromStatus(
    { status, message: String(error?.message ?? ''), details: error?.details },
    { model, cause: new StatusError(status) },
  )
}

/** What was answered, for whoever asks what was meant. */
export class StatusError extends Error {
  readonly status: number

  constructor(status: number) {
    super(`status ${status}`)
    this.status = status
  }
}

const parseError = (text: string): { error?: { message?: unknown; details?: unknown } } => {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    return {}
  }
}

const tookTooLong = (timeoutMs: number, cause: unknown) =>
  createProviderError('timeout', `The image provider took longer than ${timeoutMs / 1_000} s.`, {
    cause,
  })

const unreadable = (cause: unknown) =>
  createProviderError('ambiguous', 'The image provider sent an answer that could not be read.', {
    cause,
  })
