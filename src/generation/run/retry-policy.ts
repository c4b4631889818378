import type { Database } from '../../../db/database.ts'
import { type AppError, isProviderError, type ProviderError } from '../../lib/errors.ts'
import { findGeneration } from '../state/repository.ts'
import type { Claim } from '../state/transitions.ts'
import { MAX_ATTEMPTS, mayCallAgain } from './attempts.ts'
import { outcomeRules } from './outcomes.ts'

/** How long to wait before the next try, in milliseconds; undefined when there is to be none. */
export const decideRetryDelay = async (
  { db, retryBackoffMs }: { db: Database; retryBackoffMs: number },
  claim: Claim,
  failure: AppError,
): Promise<number | undefined> => {
  if (isProviderError(failure)) return delayByRule(db, claim, failure, retryBackoffMs)
  if (failure.code === 'worker_lost') return undefined
  if (failure.code === 'provider_unavailable') return delayByLane(claim, failure)
  if (failure.code === 'unavailable') return fullJitter(claim.claims, retryBackoffMs)
  const isWorthwhile = failure.retryable && claim.claims < MAX_ATTEMPTS
  return isWorthwhile ? fullJitter(claim.claims, retryBackoffMs) : undefined
}

const delayByRule = async (
  db: Database,
  claim: Claim,
  failure: ProviderError,
  backoffMs: number,
): Promise<number | undefined> => {
  const { retry } = outcomeRules[failure.code]
  if (retry === 'never') return undefined
  const spent = await findGeneration(db, claim.id)
  if (!spent || !mayCallAgain(spent)) return undefined
  if (retry === 'after' && failure.retryAfterMs !== undefined) return failure.retryAfterMs
  return fullJitter(spent.attempts, backoffMs)
}

/** While the provider is down a person gets the stand-in at once, and may ask again; nobody waits for eager work. */
const delayByLane = (claim: Claim, { retryAfterMs = 0 }: AppError): number | undefined =>
  claim.lane === 'eager' ? Math.round(retryAfterMs * (1 + Math.random())) : undefined

const MAX_BACKOFF_MS = 30_000

/** AWS Architecture Blog, "Exponential Backoff And Jitter": anywhere between nothing and the doubled bound. */
const fullJitter = (tries: number, backoffMs: number): number =>
  Math.round(Math.random() * Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** Math.min(tries, 20)))

/** What the provider says of its limit holds for every generation; a daily quota is asked after each minute. */
export const describePause = ({ code, retryAfterMs }: AppError): { pauseMs?: number } =>
  code === 'rate_limited' && retryAfterMs ? { pauseMs: Math.min(retryAfterMs, MAX_PAUSE_MS) } : {}

const MAX_PAUSE_MS = 60_000
