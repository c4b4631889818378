import { isProviderError, type ProviderErrorCode } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { Ending } from './attempts.ts'

type OutcomeRule = {
  /** True when the call may be on the bill: it then counts as a paid call. */
  mayHaveCharged: boolean
  /** `after`: when the provider said. `backoff`: exponentially, with full jitter. `never`: the outcome is final. */
  retry: 'after' | 'backoff' | 'never'
  /** True when the caller may ask for the same thing again and get it. */
  retryable: boolean
  /** True when a route goes on to its next model: this one can't serve, which says nothing of the request, and costs nothing. */
  fallsBack: boolean
}

/** What follows from each way a provider call can end without an image. */
export const outcomeRules: Record<ProviderErrorCode, OutcomeRule> = {
  rate_limited: { mayHaveCharged: false, retry: 'after', retryable: true, fallsBack: true },
  overloaded: { mayHaveCharged: false, retry: 'backoff', retryable: true, fallsBack: true },
  timeout: { mayHaveCharged: true, retry: 'backoff', retryable: true, fallsBack: false },
  ambiguous: { mayHaveCharged: true, retry: 'backoff', retryable: true, fallsBack: false },
  refused_prompt: { mayHaveCharged: false, retry: 'never', retryable: false, fallsBack: false },
  refused_image: { mayHaveCharged: true, retry: 'never', retryable: false, fallsBack: false },
  no_image: { mayHaveCharged: true, retry: 'never', retryable: true, fallsBack: false },
  invalid_request: { mayHaveCharged: false, retry: 'never', retryable: false, fallsBack: false },
  unauthorized: { mayHaveCharged: false, retry: 'never', retryable: false, fallsBack: true },
  model_gone: { mayHaveCharged: false, retry: 'never', retryable: false, fallsBack: true },
}

/**
 * How a call that ended without an image is booked, `heldNanoUsd` having been set aside for it. What we don't understand may
 * have been charged, and what may have been charged without a word of its price costs what it may have cost.
 */
export const judgeFailure = (error: unknown, heldNanoUsd: NanoUsd): Ending => {
  if (!isProviderError(error)) {
    const unknown = { mayHaveCharged: true, isAmbiguous: true, isEstimate: true }
    return { outcome: 'interrupted', ...unknown, costNanoUsd: heldNanoUsd }
  }
  const { code, costNanoUsd, receipt } = error
  const { mayHaveCharged } = outcomeRules[code]
  return {
    outcome: code,
    mayHaveCharged,
    isAmbiguous: code === 'ambiguous' || code === 'timeout',
    costNanoUsd: costNanoUsd ?? (mayHaveCharged ? heldNanoUsd : 0),
    isEstimate: mayHaveCharged && costNanoUsd === undefined,
    receipt,
  }
}
