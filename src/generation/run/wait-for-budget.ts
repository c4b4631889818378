import type { Database } from '../../../db/database.ts'
import type { Lane, Tier } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import type { Providers } from '../ports.ts'
import { listCallees } from '../providers.ts'
import type { ChangedRow } from '../state/apply-transition.ts'
import { findStop } from '../state/find-stop.ts'
import { type BudgetSettings, isSpendingStopped } from '../state/spending-limits.ts'
import { holdLimits } from '../state/sums-lock.ts'
import { awaitBudget, type Claim, MAX_WAIT_MS } from '../state/transitions.ts'

type WaitDeps = {
  db: Database
  providers: Pick<Providers, 'find' | 'list' | 'routes'>
  budgets: BudgetSettings
  giveUpMs: Record<Lane, number>
}

/**
 * What was asked for ahead of need waits until it may be paid for: the next period, or a change of its limits, which wakes it.
 * It is due at once where they changed since the failure. `tier`: at which it was to be made. Undefined for what ends instead: a person is told at once.
 */
export const waitForBudget = async (
  { db, providers, budgets, giveUpMs }: WaitDeps,
  claim: Claim,
  lane: Lane,
  failure: AppError,
  tier: Tier = 'standard',
): Promise<ChangedRow | undefined> => {
  if (lane !== 'eager' || !isSpendingStopped(failure)) return undefined
  const [callee] = listCallees(providers, claim)
  const heldNanoUsd = callee?.provider.estimateNanoUsd(callee.model, claim.imageSize, tier) ?? 0
  return db.transaction().execute(async (tx) => {
    await holdLimits(tx)
    const stop = await findStop(tx, claim, heldNanoUsd, budgets)
    return awaitBudget(tx, claim, stop ?? failure, stop ? waitMsOf(stop) : 0, giveUpMs.eager)
  })
}

const waitMsOf = ({ code, retryAfterMs }: AppError): number =>
  code === 'spending_paused' ? MAX_WAIT_MS.eager : (retryAfterMs ?? MAX_WAIT_MS.eager)
