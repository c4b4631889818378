import { GoogleGenerativeAIFetchError } from '@google/generative-ai'
import type { CallReceipt } from '../../lib/call-receipt.ts'
import type { ProviderError, ProviderErrorCode } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { GeminiAnswer } from './gemini-answer.ts'
import {
  findQuota,
  findReason,
  findRetryAfterMs,
  findWrongField,
  type StatedError,
} from './gemini-error-details.ts'
import { createProviderError } from './provider-error.ts'

/** What is known of a failed call beside its error. */
type FailedCall = { model: string; timeoutMs: number; timedOut: boolean; neverSent: boolean }

/** How long to wait after a 429 that doesn't say: quotas are counted by the minute. */
const DEFAULT_RETRY_AFTER_MS = 30_000

/** The outcome behind an error of the SDK. An answered status counts even when the deadline passed meanwhile. */
export const toGeminiError = (error: unknown, call: FailedCall): ProviderError => {
  if (error instanceof GoogleGenerativeAIFetchError && error.status) {
    const { status, message, errorDetails: details } = error
    return fromStatus({ status, message, details }, { ...call, cause: error })
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

/** The outcome behind an error in an answer with status 200: that of the status which it names. */
export const fromGeminiAnswer = (
  { code, status: name, message, details }: NonNullable<GeminiAnswer['error']>,
  call: { model: string; costNanoUsd: NanoUsd | undefined; receipt?: CallReceipt | undefined },
): ProviderError => {
  const status =
    parseStatus(code) ?? statusByName.get(name ?? '') ?? statusByName.get(String(code)) ?? 200
  return fromStatus({ status, message: message ?? '', details }, call)
}

/** gRPC has codes of its own, which are small. */
const parseStatus = (code: unknown): number | undefined =>
  /^[45]\d\d$/.test(String(code)) ? Number(code) : undefined

/** google.rpc.Code, as Google's APIs map it to HTTP. */
const statusByName = new Map<string, number>(
  Object.entries({
    INVALID_ARGUMENT: 400,
    FAILED_PRECONDITION: 400,
    UNAUTHENTICATED: 401,
    PERMISSION_DENIED: 403,
    NOT_FOUND: 404,
    RESOURCE_EXHAUSTED: 429,
    CANCELLED: 499,
    INTERNAL: 500,
    UNAVAILABLE: 503,
    DEADLINE_EXCEEDED: 504,
    // The same as numbers, as a batch's results have them.
    1: 499,
    2: 500,
    3: 400,
    4: 504,
    5: 404,
    7: 403,
    8: 429,
    9: 400,
    13: 500,
    14: 503,
    16: 401,
  }),
)

/** The outcome behind an answered status. */
export const fromStatus = (
  error: StatedError,
  call: {
    model: string
    costNanoUsd?: NanoUsd | undefined
    receipt?: CallReceipt | undefined
    cause?: unknown
  },
): ProviderError => {
  const { status } = error
  const { costNanoUsd, receipt, cause } = call
  const fail = (code: ProviderErrorCode, message: string, retryAfterMs?: number) =>
    createProviderError(code, message, { costNanoUsd, receipt, cause, retryAfterMs })
  const why = [status, findReason(error)].filter(Boolean).join(', ')
  if (status === 429) {
    const quota = [status, findQuota(error)].filter(Boolean).join(', ')
    const message = `The image model's quota is used up for now (${quota}).`
    return fail('rate_limited', message, findRetryAfterMs(error) ?? DEFAULT_RETRY_AFTER_MS)
  }
  if (status >= 300 && status < 400) {
    const message = `The image provider sends this server elsewhere (${why}), where its key does not go.`
    return fail('overloaded', message)
  }
  if (isOverload(error)) {
    return fail('overloaded', `The image model is overloaded (${why}).`, findRetryAfterMs(error))
  }
  if (isUnauthorized(error)) {
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
const isOverload = ({ status, message }: StatedError): boolean =>
  status === 503 ||
  status === 529 ||
  (status === 500 &&
    /(^|\] )The (model|service) is (currently )?(overloaded|unavailable)/i.test(message))

/** Google answers a wrong key, a blocked country and missing billing with 400. */
const isUnauthorized = (error: StatedError): boolean =>
  [401, 402, 403].includes(error.status) ||
  (error.status === 400 &&
    (findReason(error) === 'API_KEY_INVALID' ||
      /(^|\] )(API key|User location|Gemini API free tier)/i.test(error.message)))

/** 408 and 499 are a request given up half-way, not one turned away. */
const isRejection = (status: number): boolean =>
  status >= 400 && status < 500 && status !== 408 && status !== 499
