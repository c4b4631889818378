import type { ProviderErrorCode } from '../../lib/errors.ts'

type OutcomeRule = {
  /** True when the call may be on the bill: it then counts as a paid call. */
  mayHaveCharged: boolean
  /** `after`: when the provider said. `backoff`: exponentially, with full jitter. `never`: the outcome is final. */
  retry: 'after' | 'backoff' | 'never'
  /** True when the caller may ask for the same thing again and get it. */
  retryable: boolean
}

/** What follows from each way a provider call can end without an image. */
export const outcomeRules: Record<ProviderErrorCode, OutcomeRule> = {
  rate_limited: { mayHaveCharged: false, retry: 'after', retryable: true },
  overloaded: { mayHaveCharged: false, retry: 'backoff', retryable: true },
  timeout: { mayHaveCharged: true, retry: 'backoff', retryable: true },
  ambiguous: { mayHaveCharged: true, retry: 'backoff', retryable: true },
  refused_prompt: { mayHaveCharged: false, retry: 'never', retryable: false },
  refused_image: { mayHaveCharged: true, retry: 'never', retryable: false },
  no_image: { mayHaveCharged: true, retry: 'never', retryable: true },
  invalid_request: { mayHaveCharged: false, retry: 'never', retryable: false },
  unauthorized: { mayHaveCharged: false, retry: 'never', retryable: false },
  model_gone: { mayHaveCharged: false, retry: 'never', retryable: false },
}
