import { GoogleGenerativeAIFetchError } from '@google/generative-ai'
import type { ProviderError, ProviderErrorCode } from '../../lib/errors.ts'
import { findQuota, findReason, findRetryAfterMs, findWrongField } from './gemini-error-details.ts'
import { createProviderError } from './provider-error.ts'

/** What is known of a failed call beside its error. */
type FailedCall = { model: string; timeoutMs: number; timedOut: boolean; neverSent: boolean }

/** How long to wait after a 429 that doesn't say: quotas are counted by the minute. */
const DEFAULT_RETRY_AFTER_MS = 30_000

/** The outcome behind an error of the SDK. An answered status counts even when the deadline passed meanwhile. */
export const toGeminiError = (error: unknown, call: FailedCall): ProviderError => {
  if (error instanceof GoogleGenerativeAIFetchError && error.status) {
    return fromStatus(error.status, error, call)
  }
  const fail = (code: ProviderErrorCode, message: string) =>
    createProviderError(code, message, { cause: error })
  if (call.timedOut) {
    return fail('timeout', `The image model took longer than ${call.timeoutMs / 1_000} s.`)
  }
  if (call.neverSent) return fail('overloaded', 'The image model could not be reached.')
  return fail(
    'ambiguous',
    'The connection to the image model broke before its answer was complete.',
  )
}

const fromStatus = (
  status: number,
  error: GoogleGenerativeAIFetchError,
  call: FailedCall,
): ProviderError => {
  const fail = (code: ProviderErrorCode, message: string, retryAfterMs?: number) =>
    createProviderError(code, message, { cause: error, retryAfterMs })
  const why = [status, findReason(error)].filter(Boolean).join(', ')
  if (status === 429) {
    const quota = [status, findQuota(error)].filter(Boolean).join(', ')
    const message = `The image model's quota is used up for now (${quota}).`
    return fail('rate_limited', message, findRetryAfterMs(error) ?? DEFAULT_RETRY_AFTER_MS)
  }
  if (isOverload(status, error)) {
    return fail('overloaded', `The image model is overloaded (${why}).`, findRetryAfterMs(error))
  }
  if (isUnauthorized(status, error)) {
    return fail('unauthorized', `The image provider refused this server's API key (${why}).`)
  }
  if (status === 404) {
    return fail('model_gone', `The image provider has no model ${call.model} (${why}).`)
  }
  if (isRejection(status)) {
    const where = findWrongField(error) ?? why
    return fail('invalid_request', `The image model rejected the request as invalid (${where}).`)
  }
  return fail('ambiguous', `The image provider failed after it took the request (${why}).`)
}

/**
 * Said by the front end before any work, unlike other 500s. The SDK drops the status' name, so the first words
 * of the message decide; further on it may repeat the prompt.
 */
const isOverload = (status: number, error: Error): boolean =>
  status === 503 ||
  status === 529 ||
  (status === 500 &&
    /\] The (model|service) is (currently )?(overloaded|unavailable)/i.test(error.message))

/** Google answers a wrong key, a blocked country and missing billing with 400. */
const isUnauthorized = (status: number, error: GoogleGenerativeAIFetchError): boolean =>
  [401, 402, 403].includes(status) ||
  (status === 400 &&
    (findReason(error) === 'API_KEY_INVALID' ||
      /\] (API key|User location|Gemini API free tier)/i.test(error.message)))

/** 408 and 499 are a request given up half-way, not one turned away. */
const isRejection = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 499
