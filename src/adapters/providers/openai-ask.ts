import { messageOf, type ProviderError } from '../../lib/errors.ts'
import { fromOpenaiStatus } from './openai-error.ts'
import type { OpenaiRequest } from './openai-request.ts'
import { createProviderError } from './provider-error.ts'
import { traceRequest } from './request-trace.ts'

export type OpenaiServer = { baseUrl: string; timeoutMs: number }

/** Of ten pictures of the largest size as base64. */
const MAX_ANSWER_BYTES = 400 * 1_024 * 1_024

export type Answered = { json: unknown; requestId: string | undefined }

/** A deadline that began with the call. */
type Deadline = { signal: AbortSignal; timedOut: () => boolean }

/**
 * Sends one request, never a second one, and nothing to wherever it is sent on to. Throws `ProviderError` for every other answer than JSON
 * with a 2xx.
 */
export const createAsk = ({ baseUrl, timeoutMs }: OpenaiServer) => {
  const send = ({ path, contentType, body }: OpenaiRequest, apiKey: string, signal: AbortSignal) =>
    fetch(`${baseUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': contentType },
      body,
      redirect: 'manual',
      signal,
    })

  return async (
    request: OpenaiRequest,
    { model, apiKey }: { model: string; apiKey: string },
    deadline: Deadline,
  ): Promise<Answered> => {
    const call = traceRequest(() => send(request, apiKey, deadline.signal))
    const broken = (error: unknown) => toFailure(error, deadline, call.neverSent(), timeoutMs)
    const response = await call.result.catch((error: unknown) => Promise.reject(broken(error)))
    const { status, ok, headers } = response
    const text = await readText(response).catch((error: unknown) => {
      // A status that says no has been said, whatever becomes of its body.
      if (!ok) return ''
      throw broken(error)
    })
    const json = parse(text)
    if (!ok) throw fromOpenaiStatus(status, json, { model, headers })
    return { json, requestId: headers.get('x-request-id') ?? undefined }
  }
}

const readText = async ({ body }: Response): Promise<string> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) throw new Error(`more than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Undefined for what is no JSON. */
const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const toFailure = (
  error: unknown,
  { timedOut }: Deadline,
  neverSent: boolean,
  timeoutMs: number,
): ProviderError => {
  const cause = messageOf(error)
  if (timedOut()) {
    const message = `The image model took longer than ${timeoutMs / 1_000} s.`
    return createProviderError('timeout', message, { cause })
  }
  if (neverSent) {
    return createProviderError('overloaded', 'The image model could not be reached.', { cause })
  }
  const message = 'The connection to the image model broke before its answer was complete.'
  return createProviderError('ambiguous', message, { cause })
}
