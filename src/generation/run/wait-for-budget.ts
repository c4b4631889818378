import type { Database } from '../../../db/database.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import type { ChangedRow } from '../state/apply-transition.ts'
import { isSpendingStopped } from '../state/spending-limits.ts'
import { awaitBudget, type Claim, MAX_WAIT_MS } from '../state/transitions.ts'

/** What was asked for ahead of need waits until it may be paid for. Undefined for what ends instead: a person is told at once. */
export const waitForBudget = async (
  { db, giveUpMs }: { db: Database; giveUpMs: Record<Lane, number> },
  claim: Claim,
  lane: Lane,
  failure: AppError,
): Promise<ChangedRow | undefined> => {
  if (lane !== 'eager' || !isSpendingStopped(failure)) return undefined
  // A resumption wakes it.
  const waitMs = failure.code === 'spending_paused' ? MAX_WAIT_MS.eager : failure.retryAfterMs
  return awaitBudget(db, claim, failure, waitMs ?? MAX_WAIT_MS.eager, giveUpMs.eager)
}
