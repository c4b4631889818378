import type { Database } from '../../../db/database.ts'
import { AppError, isProviderError, type ProviderError } from '../../lib/errors.ts'
import type { Callee, GuardCall, Providers } from '../ports.ts'
import { limitedBy, listCallees } from '../providers.ts'
import {
  findLimits,
  type Limit,
  type LimitedModel,
  liftLimit,
  limitModel,
} from '../state/model-limits.ts'
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
import { callInOrder } from './fall-back.ts'
import type { FlexLane } from './flex-lane.ts'
import { HeldAtTier } from './held-at-tier.ts'
import type { Countdown } from './lease.ts'
import { deadlineExceeded } from './overdue.ts'
import { limitMsOf } from './retry-policy.ts'

type BuyDeps = CallDeps & {
  db: Database
  providers: Providers
  breaker: GuardCall
  tiers: TierRules
  flex: FlexLane
  callMs: number
  leftUntil: Countdown
  onLong: () => void
}

/** Pays for one, of the first model that takes the call. Throws as `buyFrom`, and `provider_unavailable` where no such model is of this worker. */
export const buy = async (
  deps: BuyDeps,
  claim: ClaimedRow,
  signal: AbortSignal,
): Promise<PaidResult> => {
  const callees = listCallees(deps.providers, claim)
  if (callees.length === 0) throw notHere(claim)
  const limits = await readLimits(deps, claim, callees)
  return callInOrder(callees, (callee) =>
    buyFrom(deps, claim, { callee, limit: limits[callees.indexOf(callee)] }, signal),
  )
}

/** Of a plain model it came with the claim. */
const readLimits = async (
  { db }: BuyDeps,
  { provider, limitedAt, limitedUntil }: ClaimedRow,
  callees: readonly Callee[],
): Promise<(Limit | undefined)[]> => {
  if (provider === 'route') return findLimits(db, callees.map(limitedBy))
  return [limitedAt && limitedUntil ? { limitedAt, limitedUntil } : undefined]
}

/**
 * Pays for one, at the tier that is its own now, unless the model takes no calls now or there is no time left for one. A route is never in
 * time to wait for a tier. Throws what `callProvider` throws, and `HeldAtTier` where it is to be tried again for its tier alone.
 */
const buyFrom = async (
  deps: BuyDeps,
  claim: ClaimedRow,
  { callee, limit }: { callee: Callee; limit: Limit | undefined },
  signal: AbortSignal,
): Promise<PaidResult> => {
  const limitedMs = leftOfLimit(claim, limit, deps.leftUntil)
  if (limitedMs > 0) throw modelLimited(limitedMs)
  const limited = describeModel(callee, claim)
  const provider = deps.providers.find(claim.provider) ?? {}
  const tier = chooseTier(claim, deps.tiers, provider)
  try {
    const paid =
      tier === 'standard'
        ? await buyAtOnce(deps, claim, callee, signal)
        : await buyInTime(deps, claim, callee, signal, tier)
    if (limit) await liftLimit(deps.db, limited).catch(() => {})
    return paid
  } catch (error) {
    // Of a plain model it is noted where its failure is settled.
    const isNoted = claim.provider === 'route' && isProviderError(error)
    const limitMs = isNoted ? limitMsOf(error) : 0
    if (limitMs > 0) await limitModel(deps.db, limited, limitMs)
    throw error
  }
}

/** What was rejected at another tier and is made at this one was rejected for the tier: it is not asked for again for a day. */
const buyAtOnce = async (
  deps: BuyDeps,
  claim: ClaimedRow,
  callee: Callee,
  signal: AbortSignal,
): Promise<PaidResult> => {
  if (claim.deadlineAt && deps.leftUntil(claim.deadlineAt) < deps.callMs) throw deadlineExceeded()
  const { ownerId, fingerprint, upstreamAccount } = claim
  const limited = describeModel(callee, claim)
  const paid = await deps.breaker(
    { ...limited, ownerId, fingerprint, upstreamAccount },
    (isTrial) => callProvider(deps, claim, callee, signal, { tier: 'standard', isTrial }),
  )
  const { doubtedTier: tier } = claim
  if (tier) await refuseTier(deps.db, { ...limited, tier }).catch(() => {})
  return paid
}

/**
 * The breaker has no say here, nor hears of it: a tier without room says nothing of the model. One that has none is not asked by
 * anybody for a while.
 */
const buyInTime = async (
  deps: BuyDeps,
  claim: ClaimedRow,
  callee: Callee,
  signal: AbortSignal,
  tier: SlowTier,
): Promise<PaidResult> => {
  const shedMs = shedLeftMs(claim, tier)
  if (shedMs > 0) throw heldAtTier(deps, claim, tier, shedMs)
  const leave = deps.flex.enter()
  if (!leave) throw heldAtTier(deps, claim, tier, FULL_RETRY_MS)
  deps.onLong()
  try {
    return await callProvider(deps, claim, callee, signal, { tier, isTrial: false })
  } catch (error) {
    throw isOfTier(tier, error) ? await judge(deps, claim, callee, tier, error) : error
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
  callee: Callee,
  tier: SlowTier,
  { code, retryAfterMs = 0 }: ProviderError,
): Promise<HeldAtTier> => {
  if (code !== 'overloaded' && code !== 'rate_limited') return heldAtTier(deps, claim, tier, 0)
  const shedMs = await shedTier(deps.db, { ...describeModel(callee, claim), tier }, retryAfterMs)
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
  { lane, promotedAt }: ClaimedRow,
  limit: Limit | undefined,
  leftUntil: Countdown,
): number => {
  if (!limit) return 0
  const { limitedAt, limitedUntil } = limit
  if (promotedAt && promotedAt > limitedAt) return 0
  return Math.min(leftUntil(limitedUntil), leftUntil(limitedAt) + MAX_WAIT_MS[lane])
}

/** Not the provider's answer to this generation: it said so of its model to another one. */
const modelLimited = (retryAfterMs: number) =>
  new AppError('rate_limited', 'The image model takes no more calls for a while.', {
    retryable: true,
    retryAfterMs,
  })

/** Its provider was set up, or taken away, while it waited: another worker may have it, until the deadline. */
const notHere = ({ provider, model }: ClaimedRow) =>
  new AppError('provider_unavailable', `No worker that looked has ${provider} with ${model}.`, {
    retryable: true,
    retryAfterMs: NOT_HERE_MS,
  })

const NOT_HERE_MS = 10_000

/** Whose limits a call of this one counts against: those of a caller's own key are that key's alone. */
export const describeModel = (
  callee: Callee,
  { upstreamAccount }: Pick<ClaimedRow, 'upstreamAccount'>,
): LimitedModel => ({ ...limitedBy(callee), account: upstreamAccount ?? callee.provider.account })
