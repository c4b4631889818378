import type { Database } from '../../../db/database.ts'
import { findListPriceUsd } from '../../contract/list-price.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import { AppError, messageOf } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import type { Seal } from '../../lib/seal.ts'
import type {
  CompareWithSimilar,
  GuardCall,
  ImageStore,
  InspectImage,
  OnTrouble,
  Providers,
  Spool,
} from '../ports.ts'
import { accountsOf, listCallees } from '../providers.ts'
import { describeReuse } from '../read/present.ts'
import type { ChangedRow } from '../state/apply-transition.ts'
import { findAnswering, findGeneration } from '../state/repository.ts'
import type { BudgetSettings } from '../state/spending-limits.ts'
import { type LoggedReuse, withoutPrompt } from '../state/telemetry.ts'
import {
  type Claim,
  type ClaimedRow,
  claimGeneration,
  completeByReuse,
  type ReusableImage,
  releaseGeneration,
  retryGeneration,
  suggestImages,
} from '../state/transitions.ts'
import { createStepTimes, recordAdoption, type StepTimes } from './attempts.ts'
import { buy } from './buy.ts'
import type { PaidResult } from './call-provider.ts'
import { chooseTier, type TierRules } from './choose-tier.ts'
import { commitImage, commitPlaceholder } from './commit.ts'
import type { FlexLane } from './flex-lane.ts'
import { type Countdown, holdLease, Interrupted, startCountdown } from './lease.ts'
import { postponeIfFull } from './postpone.ts'
import { removeIfErased } from './remove-if-erased.ts'
import { decideRetryDelay, isHeldBack } from './retry-policy.ts'
import type { OnStep, RunStep } from './steps.ts'
import { findStored, storeImage } from './store-image.ts'
import { tellOfKey } from './tell-of-key.ts'
import { waitForBudget } from './wait-for-budget.ts'

export type RunDeps = {
  db: Database
  providers: Providers
  store: ImageStore
  spool: Spool
  inspect: InspectImage
  /** Where prompts can be compared. */
  compare: CompareWithSimilar | undefined
  workerId: string
  leaseMs: number
  retryBackoffMs: number
  /** How long one call may take: none begins that could outlast its generation's deadline. */
  callMs: number
  /** How long after it was asked for a generation of each lane ends at the latest, where that was not said then. */
  giveUpMs: Record<Lane, number>
  /** The limits that the settings set to what calls cost. */
  budgets: BudgetSettings
  /** Opens callers' own keys for the provider. */
  seal: Seal
  breaker: GuardCall
  /** At which tier what is made. */
  tiers: TierRules
  /** Its calls at the flex tier. */
  flex: FlexLane
  /** Aborted, with `Interrupted`, once this worker begins no further call: it is stopping. */
  stopping: AbortSignal
  /** Aborted when this worker must give back what it runs. */
  shutdown: AbortSignal
  /** Calls back when a generation is not as it was claimed any more. Returns the way to stop. */
  subscribe: (claim: Pick<Claim, 'id' | 'eventSequence'>, listener: () => void) => () => void
  onTrouble: OnTrouble
  logger: Pick<Logger, 'debug' | 'info'>
  /** Each called with every step. */
  onStep: readonly OnStep<RunStep>[]
  /** Called with how each claim ended, unless a statement failed, and how long after the asking, in milliseconds. */
  onRun: (claim: Claim, outcome: RunOutcome, ageMs: number) => void
  /** Called with what a reused image saved. */
  onReuse: (reuse: LoggedReuse | undefined) => void
}

/** What the queue should do with the job. */
export type RunOutcome =
  | { kind: 'finished'; status: 'succeeded'; reuse?: LoggedReuse | undefined }
  | { kind: 'finished'; status: 'failed'; code: string }
  /** Another worker has it, or it has ended: there is nothing left to do for this job. */
  | { kind: 'left' }
  | { kind: 'again'; delayMs: number }

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
    return await settle(deps, claim, lease.signal.aborted ? lease.signal.reason : error)
  } finally {
    unsubscribe()
    lease.stop()
  }
}

type TimedDeps = Omit<RunDeps, 'onStep'> & {
  steps: StepTimes
  onStep: OnStep<RunStep>
  leftUntil: Countdown
  onLong: () => void
}

const timeSteps = (deps: RunDeps): Omit<TimedDeps, 'leftUntil' | 'onLong'> => {
  const steps = createStepTimes()
  const onStep: OnStep<RunStep> = (generationId, step) => {
    steps.mark(step)
    deps.logger.debug({ generationId, step }, 'step')
    for (const listen of deps.onStep) listen(generationId, step)
  }
  return { ...deps, steps, onStep }
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
  const paid = adopted ?? (await buy(deps, claim, signal))
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
  return isCommitted ? { kind: 'finished', status: 'succeeded' } : { kind: 'left' }
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

const settle = async (deps: TimedDeps, claim: ClaimedRow, error: unknown): Promise<RunOutcome> => {
  const { db } = deps
  if (error instanceof Interrupted) {
    if (error.reason === 'shutdown') await releaseGeneration(db, claim)
    return error.reason === 'shutdown' ? { kind: 'again', delayMs: 0 } : { kind: 'left' }
  }
  const failure = error instanceof AppError ? error : unexpected(error)
  // As it is now: what the call cost is in it, and a person may have come to wait for it.
  const row = await findGeneration(db, claim.id)
  const tier = chooseTier(claim, deps.tiers, deps.providers.find(claim.provider) ?? {})
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
const untilDue = ({ runAfter, asOf }: Pick<ChangedRow, 'runAfter' | 'asOf'>): number =>
  runAfter ? Math.max(0, runAfter.getTime() - asOf.getTime()) : 0

/** An input that kills its worker each time must not go on killing workers. */
const MAX_LOST_CLAIMS = 3

const workerLost = () =>
  new AppError('worker_lost', 'The workers that tried to make this image crashed.', {
    retryable: true,
  })

const unexpected = (error: unknown): AppError =>
  new AppError('internal', 'Something went wrong on our side.', {
    retryable: true,
    cause: messageOf(error),
  })

const whenNotClaimable = async (db: Database, id: string): Promise<RunOutcome> => {
  const row = await findGeneration(db, id)
  if (row?.status !== 'queued' || !row.runAfter) return { kind: 'left' }
  return { kind: 'again', delayMs: untilDue(row) }
}
