import type { Claim } from '../state/transitions.ts'
import { recordAdoption } from './attempts.ts'
import type { PaidResult } from './call-provider.ts'
import { commitImage } from './commit.ts'
import { storeImage } from './store-image.ts'
import type { TimedDeps } from './timed-deps.ts'

/**
 * Stores what was paid for, books it where that is not done, and ends the generation with it. False when the claim no longer stands:
 * the bytes are stored then all the same. Throws as `storeImage` does.
 */
export const completeWith = async (
  deps: TimedDeps,
  claim: Claim,
  paid: PaidResult,
  signal: AbortSignal,
): Promise<boolean> => {
  const { image, words } = await storeImage(deps, claim, paid, signal)
  deps.onStep(claim.id, 'stored')
  const { costNanoUsd, receipt } = paid
  if (!paid.isBooked)
    await recordAdoption(deps.db, claim.id, { costNanoUsd, isEstimate: false, receipt })
  const isCommitted = await commitImage(deps.db, claim, image, deps.steps, words)
  deps.onStep(claim.id, 'committed')
  await deps.spool
    .delete(claim.objectKey)
    .catch((error: unknown) => deps.onTrouble(claim.id, 'spool', error))
  deps.onStep(claim.id, 'spool_cleared')
  return isCommitted
}
