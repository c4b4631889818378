import { ConsecutiveBreaker, circuitBreaker, handleWhen, isBrokenCircuitError } from 'cockatiel'
import { AppError, isProviderError, type ProviderErrorCode } from '../../lib/errors.ts'

/** What says that the provider is down, rather than that it did not like one request. */
const OUTAGES: ReadonlySet<ProviderErrorCode> = new Set(['overloaded', 'timeout', 'ambiguous'])

export type BreakerOptions = {
  /** So many outages in a row, over all generations of this process, open it. */
  failures: number
  /** How long it stays open before one call may try. */
  resetMs: number
  onChange: (isOpen: boolean) => void
}

/**
 * Runs work that calls the provider; after a row of outages it refuses at once with `provider_unavailable`, without
 * running it, until a single trial has gone well.
 */
export const createProviderBreaker = ({ failures, resetMs, onChange }: BreakerOptions) => {
  const policy = circuitBreaker(
    handleWhen((error) => isProviderError(error) && OUTAGES.has(error.code)),
    { halfOpenAfter: resetMs, breaker: new ConsecutiveBreaker(failures) },
  )
  policy.onBreak(() => onChange(true))
  policy.onReset(() => onChange(false))
  return async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await policy.execute(work)
    } catch (error) {
      if (!isBrokenCircuitError(error)) throw error
      throw new AppError(
        'provider_unavailable',
        'The image model has not been answering; it is tried again from time to time.',
        { retryable: true, retryAfterMs: resetMs, cause: error },
      )
    }
  }
}
