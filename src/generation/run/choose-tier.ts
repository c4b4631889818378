import type { Tier } from '../../contract/vocabulary.ts'
import type { Provider } from '../ports.ts'
import type { ClaimedRow } from '../state/transitions.ts'

/** A tier at which a call costs less, and comes later. */
export type SlowTier = Exclude<Tier, 'standard'>

/** How long such a tier is waited for. */
export type TierBounds = {
  /** How long one call may take, in milliseconds. */
  callMs: number
  /** How long after its first claim a generation is made at the standard tier instead, in milliseconds. */
  giveUpMs: number
}

export type TierRules = {
  /** At which the eager lane is made where its key says nothing else. */
  eager: Tier
  /** Of the tiers that this installation can ask for; what is absent is never chosen. */
  bounds: Partial<Record<SlowTier, TierBounds>>
  /** How long a call at the standard tier may take: so much is left of a deadline for one. */
  standardCallMs: number
}

/** What of a claimed generation decides. */
export type TierCase = Pick<
  ClaimedRow,
  | 'lane'
  | 'keyTier'
  | 'tierLimits'
  | 'doubtedTier'
  | 'ambiguousCalls'
  | 'startedAt'
  | 'deadlineAt'
  | 'asOf'
>

/**
 * At which tier a generation is to be made now; the one place that decides so. What a person waits for is standard, at once. What is
 * asked for ahead of need has the tier of its key, else that of the settings, unless
 * - the provider, or this installation, has no such tier, or the model does not take it (for a day, ADR 77);
 * - this very request was rejected at it: whether that was the tier's fault is seen at the standard one;
 * - the result of a call was lost: one asking may cost two calls then, so the last of them is the surest;
 * - it was waited for long enough, or there would be no time left before the deadline for a call at the standard tier.
 */
export const chooseTier = (
  claim: TierCase,
  { eager, bounds, standardCallMs }: TierRules,
  { tiers = ['standard'] }: Pick<Provider, 'tiers'>,
): Tier => {
  const asked = claim.lane === 'eager' ? (claim.keyTier ?? eager) : 'standard'
  // In a batch it is called for by nobody; what goes into none is half the price this way too.
  const wanted = asked === 'batch' ? 'flex' : asked
  const bound = wanted === 'standard' ? undefined : bounds[wanted]
  if (!bound || !tiers.includes(wanted)) return 'standard'
  const isRefused = claim.tierLimits.some(
    ({ tier, reason }) => tier === wanted && reason === 'refused',
  )
  if (isRefused || claim.doubtedTier || claim.ambiguousCalls > 0) return 'standard'
  if (patienceLeftMs(claim, bound) <= 0) return 'standard'
  const isTime = timeLeftMs(claim) >= bound.callMs + standardCallMs
  return isTime ? wanted : 'standard'
}

/** How long a tier is still waited for, in milliseconds. */
export const patienceLeftMs = (
  { startedAt, asOf }: Pick<TierCase, 'startedAt' | 'asOf'>,
  { giveUpMs }: TierBounds,
): number => giveUpMs - (startedAt ? asOf.getTime() - startedAt.getTime() : 0)

const timeLeftMs = ({ deadlineAt, asOf }: Pick<TierCase, 'deadlineAt' | 'asOf'>): number =>
  deadlineAt ? deadlineAt.getTime() - asOf.getTime() : Number.POSITIVE_INFINITY

/** Until when the model has no room at a tier, in milliseconds from the claim; 0 where it may be asked. */
export const shedLeftMs = ({ tierLimits }: Pick<TierCase, 'tierLimits'>, tier: Tier): number =>
  Math.max(
    0,
    ...tierLimits
      .filter((limit) => limit.tier === tier && limit.reason === 'shed')
      .map(({ leftMs }) => leftMs),
  )

/** True of what is to be made in a batch with others, where there are batches. */
export const wantsBatch = (
  { lane, keyTier, tierLimits }: Pick<TierCase, 'lane' | 'keyTier' | 'tierLimits'>,
  { eager }: Pick<TierRules, 'eager'>,
): boolean =>
  lane === 'eager' &&
  (keyTier ?? eager) === 'batch' &&
  !tierLimits.some(({ tier, reason }) => tier === 'batch' && reason === 'refused')
