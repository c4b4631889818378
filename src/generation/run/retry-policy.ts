import type { GenerationRow } from '../../../db/schema.ts'
import {
  type AppError,
  type ErrorCode,
  isProviderError,
  type ProviderError,
} from '../../lib/errors.ts'
import type { Claim } from '../state/transitions.ts'
import { MAX_ATTEMPTS, mayCallAgain } from './attempts.ts'
import { outcomeRules } from './outcomes.ts'

/** More are allowed only by asking for the image again. */
const FINAL: readonly ErrorCode[] = ['worker_lost', 'attempts_exhausted']

type RetryDeps = {
  retryBackoffMs: number
  /** What the generation has cost by now, the failed call included; undefined when it is gone. */
  readSpent: () => Promise<
    Pick<GenerationRow, 'attempts' | 'paidCalls' | 'ambiguousCalls'> | undefined
  >
}

/** How long to wait before the next try, in milliseconds; undefined when there is to be none. */
export const decideRetryDelay = async (
  deps: RetryDeps,
  claim: Pick<Claim, 'claims' | 'lane'>,
  failure: AppError,
): Promise<number | undefined> => {
  const { retryBackoffMs } = deps
  if (isProviderError(failure)) return delayByRule(deps, failure)
  if (FINAL.includes(failure.code)) return undefined
  if (failure.code === 'provider_unavailable') return delayByLane(claim, failure)
  if (failure.code === 'unavailable') return fullJitter(claim.claims, retryBackoffMs)
  const isWorthwhile = failure.retryable && claim.claims < MAX_ATTEMPTS
  return isWorthwhile ? fullJitter(claim.claims, retryBackoffMs) : undefined
}

const delayByRule = async (
  { retryBackoffMs, readSpent }: RetryDeps,
  failure: ProviderError,
): Promise<number | undefined> => {
  const { retry } = outcomeRules[failure.code]
  if (retry === 'never') return undefined
  const spent = await readSpent()
  if (!spent || !mayCallAgain(spent)) return undefined
  if (retry === 'after' && failure.retryAfterMs !== undefined) return failure.retryAfterMs
  return fullJitter(spent.attempts, retryBackoffMs)
}

/** While the provider is down a person gets the placeholder at once, and may ask again; eager work is tried later. */
const delayByLane = (
  claim: Pick<Claim, 'lane'>,
  { retryAfterMs = 0 }: AppError,
): number | undefined =>
  claim.lane === 'eager' ? Math.round(retryAfterMs * (1 + Math.random())) : undefined

const MAX_BACKOFF_MS = 30_000

/** AWS Architecture Blog, "Exponential Backoff And Jitter": anywhere between nothing and the doubled bound. */
const fullJitter = (tries: number, backoffMs: number): number =>
  Math.round(Math.random() * Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** Math.min(tries, 20)))

/** What the provider says of its limit holds for every generation; a daily quota is asked after each minute. */
export const describePause = ({ code, retryAfterMs }: AppError): { pauseMs?: number } =>
  code === 'rate_limited' && retryAfterMs ? { pauseMs: Math.min(retryAfterMs, MAX_PAUSE_MS) } : {}

const MAX_PAUSE_MS = 60_000
