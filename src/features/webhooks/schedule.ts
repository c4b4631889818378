/**
 * How long is waited after each failed attempt, in milliseconds: after the last one the delivery has failed
 * (Standard Webhooks, "Retry schedule": at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h).
 */
export type RetryWaits = readonly number[]

/** Up to this share more, so that what failed together does not come back together. */
const JITTER = 0.2

/** However long an endpoint asks to be left alone. */
const MAX_RETRY_AFTER_MS = 24 * 60 * 60_000

/** Statuses whose `Retry-After` is heeded (RFC 9110, section 10.2.3; RFC 6585, section 4). */
const HEEDED = [429, 503]

export type FailedAttempt = {
  /** With this one, since the delivery was made or made to be delivered again. */
  failures: number
  statusCode: number | undefined
  retryAfter: string | undefined
  /** When it was made; a `Retry-After` that is a date counts from then. */
  at: Date
}

/** How long to wait before the next attempt, in milliseconds; undefined when there is to be none. */
export const decideRetryWait = (
  waits: RetryWaits,
  { failures, statusCode, retryAfter, at }: FailedAttempt,
): number | undefined => {
  const waitMs = waits[failures - 1]
  if (waitMs === undefined) return undefined
  const asked =
    statusCode && HEEDED.includes(statusCode) ? parseRetryAfter(retryAfter, at.getTime()) : 0
  return Math.round(Math.max(waitMs * (1 + JITTER * Math.random()), asked))
}

/** `Retry-After` in milliseconds, of either form and bounded; 0 for none. */
export const parseRetryAfter = (header: string | undefined, now: number): number => {
  if (!header) return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}
