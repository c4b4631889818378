import type { Database } from '../../../db/database.ts'
import type { Providers } from '../ports.ts'
import { accountsOf } from '../providers.ts'
import { findTierCase, postponeEager } from '../state/postpone-eager.ts'
import { chooseTier, type TierRules, wantsBatch } from './choose-tier.ts'
import type { FlexLane } from './flex-lane.ts'

type PostponeDeps = { db: Database; providers: Providers; tiers: TierRules; flex: FlexLane }

/** So many of a long line are looked at again in this time as keep the places taken, and few enough to be no load. */
const MIN_WAIT_MS = 30_000
const MAX_WAIT_MS = 300_000

/**
 * While this worker has all the calls at the flex tier out that it may have, what would be another one goes back before it is claimed:
 * a slot that waits would be missing to people. Returns for how long, in milliseconds; undefined for what is to be run.
 */
export const postponeIfFull = async (
  { db, providers, tiers, flex }: PostponeDeps,
  id: string,
): Promise<number | undefined> => {
  if (!flex.isFull()) return undefined
  const found = await findTierCase(db, id, accountsOf(providers))
  // What may go into a batch is claimed to find that out.
  if (!found || wantsBatch(found, tiers)) return undefined
  if (chooseTier(found, tiers, providers.find(found.provider) ?? {}) !== 'flex') return undefined
  const delayMs = Math.round(MIN_WAIT_MS + Math.random() * (MAX_WAIT_MS - MIN_WAIT_MS))
  return (await postponeEager(db, id, delayMs)) ? delayMs : undefined
}
