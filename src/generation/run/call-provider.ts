import type { Database } from '../../../db/database.ts'
import type { Tier } from '../../contract/vocabulary.ts'
import { AppError, isProviderError, type ProviderError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { Seal } from '../../lib/seal.ts'
import type {
  Callee,
  ImageStore,
  OnTrouble,
  Provider,
  ProviderRequest,
  ProviderResult,
  Spool,
} from '../ports.ts'
import { type BudgetSettings, spendingStopped } from '../state/spending-limits.ts'
import type { Claim } from '../state/transitions.ts'
import { openUpstreamKey, upstreamKeyRequired } from '../state/upstream-keys.ts'
import {
  type Ending,
  endWithImage,
  type Intent,
  recordIntent,
  recordOutcome,
  type StepTimes,
} from './attempts.ts'
import { HeldAtTier } from './held-at-tier.ts'
import { Interrupted } from './lease.ts'
import { loadImages } from './load-images.ts'
import { judgeFailure, outcomeRules } from './outcomes.ts'
import type { OnStep, RunStep } from './steps.ts'

export type CallDeps = {
  db: Database
  store: ImageStore
  spool: Spool
  onTrouble: OnTrouble
  onStep: OnStep<RunStep>
  steps: StepTimes
  /** Aborted, with `Interrupted`, once no call may begin any more. */
  stopping: AbortSignal
  budgets: BudgetSettings
  /** Opens callers' own keys for the provider. */
  seal: Seal
}

/** What an attempt has to go on with. `isBooked`: its outcome and cost are in Postgres. */
export type PaidResult = ProviderResult & { isBooked: boolean }

/**
 * One paid call: the intent is in Postgres before it is sent, the bytes are on disk before anything else is done. From
 * then on nothing here fails any more: neither a full disk nor a Postgres that is away is a reason to lose them.
 * `isTrial`: it goes out to see whether the model is back. Throws `ProviderError`, `Interrupted`, or without a call `HeldAtTier` where
 * somebody has come to wait for what would take its time, `attempts_exhausted`, `budget_exceeded`, `spending_paused` or `upstream_key_required`.
 */
export const callProvider = async (
  deps: CallDeps,
  claim: Claim,
  callee: Callee,
  signal: AbortSignal,
  { tier, isTrial }: { tier: Tier; isTrial: boolean },
): Promise<PaidResult> => {
  const request = await describeRequest(deps, claim, callee, tier)
  deps.stopping.throwIfAborted()
  signal.throwIfAborted()
  const heldNanoUsd = callee.provider.estimateNanoUsd(callee.model, claim.imageSize, tier)
  const attemptId = attemptOf(
    await recordIntent(deps.db, claim, heldNanoUsd, deps.budgets, tier, calledBy(claim, callee)),
  )
  deps.onStep(claim.id, 'intent_recorded')
  const result = await call(
    deps,
    { claim, callee, attemptId, tier, heldNanoUsd, isTrial },
    request,
    signal,
  )
  deps.onStep(claim.id, 'answered')
  await deps.spool
    .write(claim.objectKey, result)
    .catch((error: unknown) => deps.onTrouble(claim.id, 'spool', error))
  deps.onStep(claim.id, 'spooled')
  const isBooked = await book(deps, claim, attemptId, result)
  deps.onStep(claim.id, 'outcome_recorded')
  return { ...result, isBooked }
}

const book = async (
  { db, onTrouble }: CallDeps,
  claim: Claim,
  attemptId: string,
  { costNanoUsd, receipt }: ProviderResult,
): Promise<boolean> => {
  try {
    await recordOutcome(
      db,
      claim.id,
      attemptId,
      endWithImage({ costNanoUsd, isEstimate: false, receipt }),
    )
    return true
  } catch (error) {
    onTrouble(claim.id, 'database', error)
    return false
  }
}

/** Of a route; else the generation says it itself. */
const calledBy = ({ provider }: Claim, callee: Callee) =>
  provider === 'route' ? { provider: callee.provider.name, model: callee.model } : undefined

type Attempt = {
  claim: Claim
  callee: Callee
  attemptId: string
  tier: Tier
  heldNanoUsd: NanoUsd
  isTrial: boolean
}

const call = async (
  { db, steps }: CallDeps,
  { claim, callee, attemptId, tier, heldNanoUsd, isTrial }: Attempt,
  request: ProviderRequest,
  signal: AbortSignal,
): Promise<ProviderResult> => {
  const isSent = !signal.aborted
  try {
    signal.throwIfAborted()
    return await callee.provider.call(request, signal)
  } catch (error) {
    const ending = isSent ? judgeFailure(error, heldNanoUsd) : NEVER_SENT
    // Not the provider's answer to this request: a stop of ours, what a model that is down says to everyone, or one has no room for at a tier.
    const isTried = isTrial || isOfTier(tier, error)
    const isSpared = !isSent || isLetGo(error) || (isTried && !ending.mayHaveCharged)
    const isBound = claim.calledProvider !== null
    await recordOutcome(db, claim.id, attemptId, { ...ending, isSpared, steps, isBound })
    throw error
  }
}

/** The claim was lost, or its owner gave it up, while the intent was written down. */
const NEVER_SENT: Ending = {
  outcome: 'interrupted',
  mayHaveCharged: false,
  isAmbiguous: false,
  costNanoUsd: 0,
  isEstimate: false,
}

const isLetGo = (error: unknown): boolean =>
  error instanceof Interrupted && error.reason === 'shutdown'

/** True of what may be said of the tier, and not of the request: what it asks for may be had at the standard one. */
export const isOfTier = (tier: Tier, error: unknown): error is ProviderError =>
  tier !== 'standard' &&
  isProviderError(error) &&
  !outcomeRules[error.code].mayHaveCharged &&
  error.code !== 'refused_prompt'

const attemptOf = (intent: Intent): string => {
  if (intent === 'claim_lost') throw new Interrupted('claim_lost')
  if (intent === 'wanted_at_once') {
    throw new HeldAtTier('Somebody waits for it: it is made at once.', {
      retryAfterMs: 0,
      atMostMs: 0,
    })
  }
  if (intent === 'capped') {
    throw new AppError(
      'attempts_exhausted',
      'The image was tried for as often as one request may cost; ask again to allow further tries.',
      { retryable: true },
    )
  }
  if ('stop' in intent) throw spendingStopped(intent.stop, intent.asOf)
  return intent.attemptId
}

/** What a claimed generation asks of its provider, at a tier. Throws `condition_image_gone`. */
export const describeRequest = async (
  deps: Pick<CallDeps, 'db' | 'store' | 'seal'>,
  claim: Claim,
  { provider, model }: Callee,
  tier: Tier,
): Promise<ProviderRequest> => ({
  apiKey: await findKey(deps, claim, provider),
  prompt: claim.prompt,
  transformation: claim.transformation,
  model,
  ...(tier !== 'standard' && { tier }),
  aspectRatio: claim.aspectRatio ?? undefined,
  imageSize: claim.imageSize,
  variation: describeVariation(claim),
  ...(await loadImages(deps, claim)),
})

/** A provider that would not take it would be paid with the server's. */
const findKey = async (
  { db, seal }: Pick<CallDeps, 'db' | 'seal'>,
  claim: Claim,
  provider: Provider,
): Promise<string | undefined> => {
  const key = await openUpstreamKey(db, seal, claim)
  if (key === undefined || provider.takesKeys) return key
  throw upstreamKeyRequired(`the provider ${provider.name} does not take`)
}

const describeVariation = ({ variant, revision, details }: Claim): string =>
  `${variant ?? ''} ${revision ?? ''}${details?.number ? ` ${details.number}` : ''}`
