import type { Database } from '../../../db/database.ts'
import { AppError, type ProviderError } from '../../lib/errors.ts'
import type { GuardCall, Provider } from '../ports.ts'
import { liftLimit } from '../state/model-limits.ts'
import { refuseTier, shedTier } from '../state/tier-limits.ts'
import { type ClaimedRow, MAX_WAIT_MS } from '../state/transitions.ts'
import { type CallDeps, callProvider, isOfTier, type PaidResult } from './call-provider.ts'
import {
  chooseTier,
  patienceLeftMs,
  type SlowTier,
  shedLeftMs,
  type TierRules,
} from './choose-tier.ts'
import type { FlexLane } from './flex-lane.ts'
import { HeldAtTier } from './held-at-tier.ts'
import type { Countdown } from './lease.ts'
import { deadlineExceeded } from './overdue.ts'

type BuyDeps = CallDeps & {
  db: Database
  provider: Provider
  breaker: GuardCall
  tiers: TierRules
  flex: FlexLane
  callMs: number
  leftUntil: Countdown
  onLong: () => void
}

/**
 * Pays for one, at the tier that is its own now, unless its model takes no calls now or there is no time left for one. Throws what
 * `callProvider` throws, and `HeldAtTier` where it is to be tried again for its tier alone.
 */
export const buy = async (
  deps: BuyDeps,
  claim: ClaimedRow,
  signal: AbortSignal,
): Promise<PaidResult> => {
  const limitedMs = leftOfLimit(claim, deps.leftUntil)
  if (limitedMs > 0) throw modelLimited(limitedMs)
  const tier = chooseTier(claim, deps.tiers, deps.provider)
  const paid =
    tier === 'standard'
      ? await buyAtOnce(deps, claim, signal)
      : await buyInTime(deps, claim, signal, tier)
  if (claim.limitedUntil) await liftLimit(deps.db, describeModel(deps, claim)).catch(() => {})
  return paid
}

/** What was rejected at another tier and is made at this one was rejected for the tier: it is not asked for again for a day. */
const buyAtOnce = async (
  deps: BuyDeps,
  claim: ClaimedRow,
  signal: AbortSignal,
): Promise<PaidResult> => {
  if (claim.deadlineAt && deps.leftUntil(claim.deadlineAt) < deps.callMs) throw deadlineExceeded()
  const paid = await deps.breaker(claim, (isTrial) =>
    callProvider(deps, claim, signal, { tier: 'standard', isTrial }),
  )
  const { doubtedTier: tier } = claim
  if (tier) await refuseTier(deps.db, { ...describeModel(deps, claim), tier }).catch(() => {})
  return paid
}

/**
 * The breaker has no say here, nor hears of it: a tier without room says nothing of the model. One that has none is not asked by
 * anybody for a while.
 */
const buyInTime = async (
  deps: BuyDeps,
  claim: ClaimedRow,
  signal: AbortSignal,
  tier: SlowTier,
): Promise<PaidResult> => {
  const shedMs = shedLeftMs(claim, tier)
  if (shedMs > 0) throw heldAtTier(deps, claim, tier, shedMs)
  const leave = deps.flex.enter()
  if (!leave) throw heldAtTier(deps, claim, tier, FULL_RETRY_MS)
  deps.onLong()
  try {
    return await callProvider(deps, claim, signal, { tier, isTrial: false })
  } catch (error) {
    throw isOfTier(tier, error) ? await judge(deps, claim, tier, error) : error
  } finally {
    leave()
  }
}

/** Where all places of this worker are taken when it is claimed: others come first now. */
const FULL_RETRY_MS = 15_000

/** No room: for how long nobody asks. Anything else was the request's fault or the tier's, which the standard tier tells at once. */
const judge = async (
  deps: BuyDeps,
  claim: ClaimedRow,
  tier: SlowTier,
  { code, retryAfterMs = 0 }: ProviderError,
): Promise<HeldAtTier> => {
  if (code !== 'overloaded' && code !== 'rate_limited') return heldAtTier(deps, claim, tier, 0)
  const shedMs = await shedTier(deps.db, { ...describeModel(deps, claim), tier }, retryAfterMs)
  return heldAtTier(deps, claim, tier, shedMs)
}

const heldAtTier = (
  { tiers, leftUntil, callMs }: BuyDeps,
  claim: ClaimedRow,
  tier: SlowTier,
  retryAfterMs: number,
): HeldAtTier => {
  const bounds = tiers.bounds[tier]
  const ranMs = -leftUntil(claim.asOf)
  const patienceMs = bounds ? patienceLeftMs(claim, bounds) - ranMs : 0
  // So that a call at the standard tier, and one more, can end in time.
  const timeMs = claim.deadlineAt ? leftUntil(claim.deadlineAt) - 2 * callMs : patienceMs
  return new HeldAtTier(
    'The image model has no room at its lower price now; it is asked again in a while, or at its standard price.',
    { retryAfterMs, atMostMs: Math.min(patienceMs, timeMs) },
  )
}

/** A person's generation tries a limit after a minute, and once at once where the person came since. */
const leftOfLimit = (
  { lane, promotedAt, limitedAt, limitedUntil }: ClaimedRow,
  leftUntil: Countdown,
): number => {
  if (!limitedAt || !limitedUntil) return 0
  if (promotedAt && promotedAt > limitedAt) return 0
  return Math.min(leftUntil(limitedUntil), leftUntil(limitedAt) + MAX_WAIT_MS[lane])
}

/** Not the provider's answer to this generation: it said so of its model to another one. */
const modelLimited = (retryAfterMs: number) =>
  new AppError('rate_limited', 'The image model takes no more calls for a while.', {
    retryable: true,
    retryAfterMs,
  })

/** Whose limits a call of this one counts against: those of a caller's own key are that key's alone. */
export const describeModel = (
  { provider }: Pick<BuyDeps, 'provider'>,
  { model, upstreamAccount }: Pick<ClaimedRow, 'model' | 'upstreamAccount'>,
) => ({
  provider: provider.name,
  account: upstreamAccount ?? provider.account,
  model,
})
