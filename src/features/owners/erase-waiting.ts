import type { Logger } from '../../lib/logger.ts'
import { type EraseDeps, eraseOwner } from './erase-owner.ts'
import { claimErasure, findErasureById, releaseErasure } from './erasures.ts'

/**
 * Erases the owners that are to be erased and that nobody else is at, one after the other; leaves the one that is under way to others
 * where it fails or `signal` aborts. Throws when Postgres, the queue or the store does not answer.
 */
export const eraseWaiting = async (
  deps: EraseDeps,
  logger: Pick<Logger, 'info'>,
  signal: AbortSignal,
): Promise<void> => {
  const { db } = deps
  while (!signal.aborted) {
    const erasure = await claimErasure(db)
    if (!erasure) return
    try {
      await eraseOwner(deps, erasure, signal)
    } catch (error) {
      await releaseErasure(db, erasure)
      if (signal.aborted) return
      throw error
    }
    const receipt = await findErasureById(db, erasure.id)
    const { id: erasureId, counts, askedBy } = receipt ?? erasure
    logger.info({ erasureId, askedBy, counts }, 'an owner was erased')
  }
}
