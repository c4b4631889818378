import type { Tier } from '../../contract/vocabulary.ts'
import { AppError, isProviderError, messageOf } from '../../lib/errors.ts'
import { listCallees } from '../providers.ts'
import type { ChangedRow } from '../state/apply-transition.ts'
import { limitModel } from '../state/model-limits.ts'
import { findGeneration } from '../state/repository.ts'
import { type Claim, releaseGeneration, retryGeneration } from '../state/transitions.ts'
import { describeModel } from './buy.ts'
import { commitPlaceholder } from './commit.ts'
import { Interrupted } from './lease.ts'
import { decideRetryDelay, isHeldBack, limitMsOf } from './retry-policy.ts'
import type { RunOutcome } from './run-deps.ts'
import { tellOfKey } from './tell-of-key.ts'
import type { TimedDeps } from './timed-deps.ts'
import { waitForBudget } from './wait-for-budget.ts'

/** What becomes of a claimed generation that failed, which was to be made at `tier`: another try, a wait, or its end with a placeholder. */
export const settleFailure = async (
  deps: TimedDeps,
  claim: Claim,
  error: unknown,
  tier: Tier,
): Promise<RunOutcome> => {
  const { db } = deps
  if (error instanceof Interrupted) {
    if (error.reason === 'shutdown') await releaseGeneration(db, claim)
    return error.reason === 'shutdown' ? { kind: 'again', delayMs: 0 } : { kind: 'left' }
  }
  const failure = error instanceof AppError ? error : unexpected(error)
  const limitMs = isProviderError(failure) ? limitMsOf(failure) : 0
  // A route has noted each of its models' limits where it met them.
  const [callee] = claim.provider === 'route' ? [] : listCallees(deps.providers, claim)
  if (limitMs > 0 && callee) await limitModel(db, describeModel(callee, claim), limitMs)
  // As it is now: what the call cost is in it, and a person may have come to wait for it.
  const row = await findGeneration(db, claim.id)
  const waiting = row && (await waitForBudget(deps, claim, row.lane, failure, tier))
  if (waiting) return { kind: 'again', delayMs: untilDue(waiting) }
  const told = tellOfKey(claim, failure)
  const delayMs = row && decideRetryDelay(deps, row, failure)
  if (delayMs === undefined) {
    const isFailed = await commitPlaceholder(db, claim, told)
    return isFailed ? { kind: 'finished', status: 'failed', code: told.code } : { kind: 'left' }
  }
  const isUntried = isHeldBack(failure)
  const queued = await retryGeneration(db, claim, told, delayMs, { isUntried })
  return queued ? { kind: 'again', delayMs: untilDue(queued) } : { kind: 'left' }
}

/** By Postgres's clock alone. */
export const untilDue = ({ runAfter, asOf }: Pick<ChangedRow, 'runAfter' | 'asOf'>): number =>
  runAfter ? Math.max(0, runAfter.getTime() - asOf.getTime()) : 0

const unexpected = (error: unknown): AppError =>
  new AppError('internal', 'Something went wrong on our side.', {
    retryable: true,
    cause: messageOf(error),
  })
