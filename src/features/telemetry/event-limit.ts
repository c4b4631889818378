import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '../../lib/errors.ts'

/** Far above what a person's browser does; each API process counts for itself. */
const EVENTS_A_MINUTE = 1_000

/** Counts an owner's events. The result throws `rate_limited` with the time until more are taken. */
export const createEventLimit = () => {
  const limiter = new RateLimiterMemory({ points: EVENTS_A_MINUTE, duration: 60 })
  return async (ownerId: string, count: number): Promise<void> => {
    try {
      await limiter.consume(ownerId, count)
    } catch (reason) {
      if (!(reason instanceof RateLimiterRes)) throw reason
      throw new AppError(
        'rate_limited',
        `An owner may send ${EVENTS_A_MINUTE} telemetry events a minute.`,
        { retryable: true, retryAfterMs: reason.msBeforeNext },
      )
    }
  }
}
