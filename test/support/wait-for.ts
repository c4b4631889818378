import { setTimeout as delay } from 'node:timers/promises'

export type WaitOptions = {
  /** What is waited for, in the words of the error: "the job to finish". */
  what: string
  timeoutMs?: number
}

/** What comes soon is seen soon, and what takes long is not slowed down by being looked at. */
const FIRST_POLL_MS = 4
const LONGEST_POLL_MS = 50
const POLL_GROWTH = 1.25

/** Far beyond what a slow machine needs: reached by what does not happen at all. */
const TIMEOUT_MS = 60_000

/**
 * Polls until `condition` gives something truthy, and returns that. A condition that throws is not met
 * yet; at the timeout its last error is the cause of ours.
 */
export const waitFor = async <T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = TIMEOUT_MS }: WaitOptions,
): Promise<Exclude<T, undefined | null | false | 0 | ''>> => {
  const deadline = Date.now() + timeoutMs
  let cause: unknown
  let pollMs = FIRST_POLL_MS
  do {
    try {
      const value = await condition()
      if (value) return value as Exclude<T, undefined | null | false | 0 | ''>
      cause = undefined
    } catch (error) {
      cause = error
    }
    await delay(pollMs)
    pollMs = Math.min(pollMs * POLL_GROWTH, LONGEST_POLL_MS)
  } while (Date.now() < deadline)
  throw new Error(`Waited ${timeoutMs} ms in vain for ${what}`, { cause })
}
