import type { Database } from '../../../db/database.ts'
import { findListPriceUsd } from '../../contract/list-price.ts'
import { AppError } from '../../lib/errors.ts'
import { accountsOf, listCallees } from '../providers.ts'
import { describeReuse } from '../read/present.ts'
import type { ChangedRow } from '../state/apply-transition.ts'
import { rejoinBatch } from '../state/batched.ts'
import { findAnswering, findGeneration } from '../state/repository.ts'
import { type LoggedReuse, withoutPrompt } from '../state/telemetry.ts'
import {
  type Claim,
  type ClaimedRow,
  claimGeneration,
  completeByReuse,
  type ReusableImage,
  releaseGeneration,
  suggestImages,
} from '../state/transitions.ts'
import { recordAdoption } from './attempts.ts'
import { buy } from './buy.ts'
import type { PaidResult } from './call-provider.ts'
import { chooseTier, wantsBatch } from './choose-tier.ts'
import { completeWith } from './complete-with.ts'
import { holdLease, startCountdown } from './lease.ts'
import { postponeIfFull } from './postpone.ts'
import { removeIfErased } from './remove-if-erased.ts'
import type { RunDeps, RunOutcome } from './run-deps.ts'
import { settleFailure, untilDue } from './settle-failure.ts'
import { findStored } from './store-image.ts'
import { type TimedDeps, timeSteps } from './timed-deps.ts'

/**
 * Takes one generation as far as it goes: claim, dedupe, adopt what an earlier attempt left, else pay once,
 * store the bytes, commit. Each step is safe to repeat. `onLong` is called once the rest may take minutes, in which there is
 * nothing to do but to wait. Throws only when a statement fails.
 */
export const runGeneration = async (
  deps: RunDeps,
  id: string,
  onLong: () => void = () => {},
): Promise<RunOutcome> => {
  const postponedMs = await postponeIfFull(deps, id)
  if (postponedMs !== undefined) return { kind: 'again', delayMs: postponedMs }
  const claim = await claimGeneration(deps.db, id, {
    ...deps,
    accounts: accountsOf(deps.providers),
  })
  if (!claim) return whenNotClaimable(deps.db, id)
  const leftUntil = startCountdown(claim)
  const outcome = await runClaim({ ...timeSteps(deps), leftUntil, onLong }, claim)
  if (outcome.kind === 'left') await removeIfErased(deps, claim)
  deps.onRun(claim, outcome, -leftUntil(claim.queuedAt))
  return outcome
}

const runClaim = async (deps: TimedDeps, claim: ClaimedRow): Promise<RunOutcome> => {
  deps.onStep(claim.id, 'claimed')
  const lease = holdLease(deps, claim)
  const unsubscribe = deps.subscribe(claim, lease.check)
  try {
    return await produce(deps, claim, lease.signal)
  } catch (error) {
    const tier = chooseTier(claim, deps.tiers, deps.providers.find(claim.provider) ?? {})
    return await settleFailure(
      deps,
      claim,
      lease.signal.aborted ? lease.signal.reason : error,
      tier,
    )
  } finally {
    unsubscribe()
    lease.stop()
  }
}

const produce = async (
  deps: TimedDeps,
  claimed: ClaimedRow,
  signal: AbortSignal,
): Promise<RunOutcome> => {
  if (claimed.lostClaims >= MAX_LOST_CLAIMS) throw workerLost()
  const reusable = (await findSame(deps, claimed)) ?? (await findSimilar(deps, claimed, signal))
  const reused = reusable && (await completeByReuse(deps.db, claimed, reusable))
  if (reused) {
    const reuse = describeReused(deps, reused)
    deps.onReuse(reuse)
    return { kind: 'finished', status: 'succeeded', reuse }
  }
  const { claim, adopted } = await adoptEarlierResult(deps, claimed)
  deps.onStep(claim.id, 'probed')
  if (adopted) deps.steps.mark('adopted')
  const outcome = adopted ? undefined : await leaveToBatch(deps, claim)
  if (outcome) return outcome
  const paid = adopted ?? (await buy(deps, claim, signal))
  return (await completeWith(deps, claim, paid, signal))
    ? { kind: 'finished', status: 'succeeded' }
    : { kind: 'left' }
}

/** What a batch job makes already, or is to make with others, is not bought; undefined for what is. */
const leaveToBatch = async (
  { db, batching, tiers }: TimedDeps,
  claim: ClaimedRow,
): Promise<RunOutcome | undefined> => {
  if (!batching) return undefined
  if (claim.isInBatch) {
    if (batching.promotion === 'buy' && claim.lane === 'interactive') return undefined
    if (await rejoinBatch(db, claim, batching.deadlineMs)) return { kind: 'left' }
    // It was settled at this moment, and the store may have what it brought.
    await releaseGeneration(db, claim)
    return { kind: 'again', delayMs: 0 }
  }
  const gathered = wantsBatch(claim, tiers) ? await batching.gather(claim) : undefined
  return gathered && { kind: 'again', delayMs: untilDue(gathered) }
}

/** A plain request is content with any image of its fingerprint; a forced one wants its own. */
const findSame = async ({ db }: TimedDeps, claim: Claim): Promise<ReusableImage | undefined> => {
  if (claim.revision) return undefined
  const [answering] = await findAnswering(db, [claim.fingerprint], 0)
  const imageId = answering?.status === 'succeeded' ? answering.imageId : null
  return imageId ? { imageId, source: 'exact' } : undefined
}

/** What was paid for is taken before anything similar. */
const findSimilar = async (
  deps: TimedDeps,
  claim: Claim,
  signal: AbortSignal,
): Promise<ReusableImage | undefined> => {
  if (claim.revision || claim.paidCalls > 0 || !deps.compare) return undefined
  const { match, suggestions = [] } = await deps.compare(claim, signal)
  // Another try of the same generation finds the same.
  if (suggestions.length > 0 && !claim.suggestions) await suggestImages(deps.db, claim, suggestions)
  deps.onStep(claim.id, 'compared')
  return match && { ...match, source: 'similar' }
}

const describeReused = ({ providers }: TimedDeps, reused: ChangedRow): LoggedReuse | undefined => {
  const reuse = describeReuse(reused, undefined, findListPriceUsd.bind(undefined, providers.models))
  return reuse && withoutPrompt(reuse)
}

/**
 * Bytes that were paid for before, by an attempt that could not commit them or in a time that Postgres has forgotten, and the
 * claim on where they are; they are booked now if they were not.
 */
const adoptEarlierResult = async (
  { db, spool, store, providers }: TimedDeps,
  claimed: ClaimedRow,
): Promise<{ claim: ClaimedRow; adopted?: PaidResult }> => {
  const spooled = await spool.find(claimed.objectKey)
  const found = spooled ? undefined : await findStored({ db, store }, claimed)
  const claim = found ? { ...claimed, objectKey: found.claim.objectKey } : claimed
  const bytes = spooled?.bytes ?? found?.image?.bytes
  if (!bytes) return { claim }
  const { imageSize } = claim
  const [callee] = listCallees(providers, claim)
  const costNanoUsd =
    spooled?.costNanoUsd ??
    callee?.provider.estimateNanoUsd(callee.model, imageSize, claim.tier ?? 'standard') ??
    0
  const booked = { costNanoUsd, isEstimate: !spooled, receipt: spooled?.receipt }
  await recordAdoption(db, claim.id, booked)
  const { others = [], said, answer } = spooled ?? {}
  return { claim, adopted: { bytes, others, costNanoUsd, said, answer, isBooked: true } }
}

/** An input that kills its worker each time must not go on killing workers. */
const MAX_LOST_CLAIMS = 3

const workerLost = () =>
  new AppError('worker_lost', 'The workers that tried to make this image crashed.', {
    retryable: true,
  })

const whenNotClaimable = async (db: Database, id: string): Promise<RunOutcome> => {
  const row = await findGeneration(db, id)
  if (row?.status !== 'queued' || !row.runAfter) return { kind: 'left' }
  return { kind: 'again', delayMs: untilDue(row) }
}
