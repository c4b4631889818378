import type { Database } from '../../db/database.ts'
import { AppError, isProviderError } from '../errors.ts'
import { type Intent, recordIntent, recordOutcome } from './attempts.ts'
import { Interrupted } from './lease.ts'
import { outcomeRules } from './outcomes.ts'
import type {
  EncodedImage,
  ImageStore,
  Provider,
  ProviderRequest,
  ProviderResult,
  Spool,
} from './ports.ts'
import { findOwnedImage } from './repository.ts'
import type { OnStep, RunStep } from './steps.ts'
import type { Claim } from './transitions.ts'

type BuyDeps = {
  db: Database
  provider: Provider
  store: ImageStore
  spool: Spool
  onStep: OnStep<RunStep>
}

/**
 * One paid call: the intent is in Postgres before it is sent, the bytes are on disk before anything else can
 * fail. Throws `ProviderError`, `Interrupted`, or `attempts_exhausted` without a call.
 */
export const buyImage = async (
  deps: BuyDeps,
  claim: Claim,
  signal: AbortSignal,
): Promise<ProviderResult> => {
  const request = await describeRequest(deps, claim)
  signal.throwIfAborted()
  const attemptId = attemptOf(await recordIntent(deps.db, claim))
  deps.onStep(claim.id, 'intent_recorded')
  const result = await call(deps, claim, attemptId, request, signal)
  deps.onStep(claim.id, 'answered')
  await deps.spool.write(claim.objectKey, result)
  deps.onStep(claim.id, 'spooled')
  await recordOutcome(deps.db, claim.id, attemptId, {
    outcome: 'image',
    mayHaveCharged: true,
    isAmbiguous: false,
    costUsd: result.costUsd,
  })
  deps.onStep(claim.id, 'outcome_recorded')
  return result
}

const call = async (
  { db, provider }: BuyDeps,
  claim: Claim,
  attemptId: string,
  request: ProviderRequest,
  signal: AbortSignal,
): Promise<ProviderResult> => {
  try {
    return await provider.call(request, signal)
  } catch (error) {
    await recordOutcome(db, claim.id, attemptId, judge(error))
    throw error
  }
}

/** What we don't understand is booked as if it had been charged. */
const judge = (error: unknown) => {
  if (!isProviderError(error)) {
    return { outcome: 'interrupted' as const, mayHaveCharged: true, isAmbiguous: true, costUsd: 0 }
  }
  const { code, costUsd } = error
  const isAmbiguous = code === 'ambiguous' || code === 'timeout'
  return { outcome: code, mayHaveCharged: outcomeRules[code].mayHaveCharged, isAmbiguous, costUsd }
}

const attemptOf = (intent: Intent): string => {
  if (intent === 'claim_lost') throw new Interrupted('claim_lost')
  if (intent === 'capped') {
    throw new AppError(
      'attempts_exhausted',
      'The image was tried for as often as one request may cost; ask again to allow further tries.',
      { retryable: true },
    )
  }
  return intent.attemptId
}

const describeRequest = async (deps: BuyDeps, claim: Claim): Promise<ProviderRequest> => ({
  prompt: claim.prompt,
  transformation: claim.transformation,
  conditionImage: await loadConditionImage(deps, claim),
  model: claim.model,
  aspectRatio: claim.aspectRatio ?? undefined,
  imageSize: claim.imageSize,
})

const loadConditionImage = async (
  { db, store }: BuyDeps,
  claim: Claim,
): Promise<EncodedImage | undefined> => {
  if (!claim.conditionImageId) return undefined
  const image = await findOwnedImage(db, claim.ownerId, claim.conditionImageId)
  const object = image?.objectKey ? await store.find(image.objectKey) : undefined
  if (object) return object
  throw new AppError('condition_image_gone', 'The condition image was deleted before it was used.')
}
