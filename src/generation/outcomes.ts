import type { ProviderErrorCode } from '../errors.ts'

type OutcomeRule = {
  /** True when the call may be on the bill: it then counts as a paid call. */
  mayHaveCharged: boolean
  /** `after`: when the provider said. `backoff`: exponentially, with full jitter. `never`: the outcome is final. */
  retry: 'after' | 'backoff' | 'never'
}

/** What follows from each way a provider call can end without an image. */
export const outcomeRules: Record<ProviderErrorCode, OutcomeRule> = {
  rate_limited: { mayHaveCharged: false, retry: 'after' },
  overloaded: { mayHaveCharged: false, retry: 'backoff' },
  timeout: { mayHaveCharged: true, retry: 'backoff' },
  ambiguous: { mayHaveCharged: true, retry: 'backoff' },
  refused_prompt: { mayHaveCharged: false, retry: 'never' },
  refused_image: { mayHaveCharged: true, retry: 'never' },
  no_image: { mayHaveCharged: true, retry: 'never' },
  invalid_request: { mayHaveCharged: false, retry: 'never' },
  unauthorized: { mayHaveCharged: false, retry: 'never' },
  model_gone: { mayHaveCharged: false, retry: 'never' },
}
