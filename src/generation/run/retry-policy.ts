import {
  type AppError,
  type ErrorCode,
  isProviderError,
  type ProviderError,
} from '../../lib/errors.ts'
import type { GenerationWithImage } from '../state/repository.ts'
import { MAX_WAIT_MS } from '../state/transitions.ts'
import { MAX_ATTEMPTS, mayCallAgain } from './attempts.ts'
import { HeldAtTier } from './held-at-tier.ts'
import { outcomeRules } from './outcomes.ts'

/** More are allowed only by asking for the image again. */
const FINAL: readonly ErrorCode[] = [
  'worker_lost',
  'attempts_exhausted',
  'deadline_exceeded',
  'budget_exceeded',
  'spending_paused',
  'upstream_key_required',
]

type RetryDeps = { retryBackoffMs: number; callMs: number }

/** A generation as it is now, the failed call included. */
type Spent = Pick<
  GenerationWithImage,
  | 'lane'
  | 'claims'
  | 'attempts'
  | 'paidCalls'
  | 'ambiguousCalls'
  | 'deadlineAt'
  | 'asOf'
  | 'upstreamAccount'
>

/**
 * How long to wait before the next try, in milliseconds; undefined when there is to be none, also because none could end
 * before the generation's deadline.
 */
export const decideRetryDelay = (
  deps: RetryDeps,
  row: Spent,
  failure: AppError,
): number | undefined => {
  const wantedMs = decideWait(deps, row, failure)
  if (wantedMs === undefined) return undefined
  const waitMs = Math.min(wantedMs, MAX_WAIT_MS[row.lane])
  const leftMs = row.deadlineAt ? row.deadlineAt.getTime() - row.asOf.getTime() : 0
  return waitMs + deps.callMs <= leftMs ? waitMs : undefined
}

/** True of a generation whose call was not sent, or does not count, since its model takes none for now. */
export const isHeldBack = (failure: AppError): boolean =>
  failure.code === 'provider_unavailable' ||
  (failure.code === 'rate_limited' && !isProviderError(failure))

const decideWait = (
  { retryBackoffMs }: RetryDeps,
  row: Spent,
  failure: AppError,
): number | undefined => {
  if (failure instanceof HeldAtTier) return waitAtTier(row, failure)
  if (isQuotaOfWaiting(row, failure)) return undefined
  if (isHeldBack(failure)) return spread(row, failure)
  if (isProviderError(failure)) return waitByRule(retryBackoffMs, row, failure)
  if (FINAL.includes(failure.code)) return undefined
  if (failure.code === 'unavailable') return fullJitter(row.claims, retryBackoffMs)
  const isWorthwhile = failure.retryable && row.claims < MAX_ATTEMPTS
  return isWorthwhile ? fullJitter(row.claims, retryBackoffMs) : undefined
}

/** Nobody who waits is kept waiting for a lower price. */
const waitAtTier = (row: Spent, failure: HeldAtTier): number =>
  row.lane === 'eager' ? Math.min(spread(row, failure), failure.atMostMs) : 0

/** Whose own key has no quota left is told so at once where somebody waits: it is theirs to wait, or to bring another. */
const isQuotaOfWaiting = ({ upstreamAccount, lane }: Spent, { code }: AppError): boolean =>
  upstreamAccount !== null && lane === 'interactive' && code === 'rate_limited'

const waitByRule = (
  retryBackoffMs: number,
  row: Spent,
  failure: ProviderError,
): number | undefined => {
  const { retry } = outcomeRules[failure.code]
  if (retry === 'never') return undefined
  if (!mayCallAgain(row)) return undefined
  if (retry === 'after' && failure.retryAfterMs !== undefined) return failure.retryAfterMs
  return fullJitter(row.attempts, retryBackoffMs)
}

/**
 * Those that were held back together don't come back together: a person's soon, nobody's over a time in which a long line
 * of them is no load.
 */
const spread = ({ lane }: Spent, { retryAfterMs = 0 }: AppError): number =>
  Math.round(retryAfterMs * (1 + SPREAD[lane] * Math.random()))

const SPREAD = { interactive: 0.25, eager: 4 }

const MAX_BACKOFF_MS = 30_000

/** AWS Architecture Blog, "Exponential Backoff And Jitter": anywhere between nothing and the doubled bound. */
const fullJitter = (tries: number, backoffMs: number): number =>
  Math.round(Math.random() * Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** Math.min(tries, 20)))

/** For how long a model's limit holds for every generation of it: as was said, up to the longest that any of them waits. */
export const limitMsOf = ({ code, retryAfterMs = 0 }: ProviderError): number =>
  code === 'rate_limited' ? Math.min(retryAfterMs, MAX_WAIT_MS.eager) : 0
