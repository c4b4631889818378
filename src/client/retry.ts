import { isTransient } from './error.ts'
import { sleep } from './watchdog.ts'

const FIRST_BACKOFF_MS = 250
const MAX_BACKOFF_MS = 10_000

/** Paces the tries at one thing: `waitAfter` a failure, or throw it when it is final or the patience is at its end. */
export const createRetry = (giveUpMs: number) => {
  let failures = 0
  let failingSince: number | undefined
  return {
    /** Something came: patience and pace start again. */
    succeed: (): void => {
      failures = 0
      failingSince = undefined
    },
    waitAfter: async (error: unknown, signal: AbortSignal | undefined): Promise<void> => {
      signal?.throwIfAborted()
      if (!isTransient(error)) throw error
      const delayMs = error.retryAfterMs ?? backoffMs(failures)
      failures += 1
      failingSince ??= performance.now()
      if (performance.now() - failingSince + delayMs > giveUpMs) throw error
      await sleep(delayMs, signal)
    },
  }
}

/** Doubles, between half of it and all of it at random, so that clients cut off together do not come back together. */
const backoffMs = (failures: number): number =>
  Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** failures) * (0.5 + Math.random() / 2)
