import { errorInfo, errorOf, retryInfo } from './gemini-answers.ts'
import type { GeminiCall } from './gemini-server.ts'

/** What the stand-in answers with a status of its own. */
export type GeminiFailure =
  /** `retryDelay` as in RetryInfo (`'27s'`); absent: no RetryInfo. */
  | { kind: 'rate_limited'; retryDelay?: string; quotaId?: string }
  | { kind: 'overloaded' }
  | { kind: 'server_error'; message?: string }
  | { kind: 'bad_gateway' }
  | { kind: 'gateway_timeout' }
  | { kind: 'bad_request'; field?: string }
  | { kind: 'key_invalid' }
  | { kind: 'forbidden' }
  | { kind: 'not_found' }
  /** The model does not take the tier that is asked for; without a word of it unless `names`. */
  | { kind: 'tier_refused'; names?: boolean }

/** Status and body. Google's messages repeat parts of the request, so these do too. */
export const failureOf = (
  behaviour: GeminiFailure,
  { prompt, model, tier }: GeminiCall,
): [number, object] => {
  switch (behaviour.kind) {
    case 'rate_limited': {
      const { retryDelay, quotaId } = behaviour
      const message = 'You exceeded your current quota, please check your plan and billing details.'
      const violations = quotaId ? [{ violations: [{ quotaId }] }] : []
      const details = [...violations, ...(retryDelay ? [retryInfo(retryDelay)] : [])]
      return [429, errorOf(429, 'RESOURCE_EXHAUSTED', message, details)]
    }
    case 'overloaded':
      return [503, errorOf(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.')]
    case 'server_error':
      return [500, errorOf(500, 'INTERNAL', behaviour.message ?? `Internal error for "${prompt}".`)]
    case 'bad_gateway':
      return [502, errorOf(502, 'UNKNOWN', 'Bad gateway')]
    case 'gateway_timeout':
      return [504, errorOf(504, 'DEADLINE_EXCEEDED', 'Deadline expired before it could complete.')]
    case 'bad_request': {
      const { field } = behaviour
      const details = field ? [{ fieldViolations: [{ field, description: prompt }] }] : undefined
      return [400, errorOf(400, 'INVALID_ARGUMENT', `Invalid value "${prompt}"`, details)]
    }
    case 'key_invalid': {
      const message = 'API key not valid. Please pass a valid API key.'
      return [400, errorOf(400, 'INVALID_ARGUMENT', message, [errorInfo('API_KEY_INVALID')])]
    }
    case 'forbidden':
      return [
        403,
        errorOf(403, 'PERMISSION_DENIED', 'Permission denied', [errorInfo('CONSUMER_SUSPENDED')]),
      ]
    case 'tier_refused': {
      const message = behaviour.names
        ? `Service tier ${tier} is not supported for models/${model}.`
        : 'Request contains an invalid argument.'
      return [400, errorOf(400, 'INVALID_ARGUMENT', message)]
    }
    case 'not_found':
      return [404, errorOf(404, 'NOT_FOUND', `models/${model} is not found for API version v1beta`)]
  }
}
