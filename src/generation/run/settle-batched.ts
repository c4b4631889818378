import type { AppError, ProviderError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { ProviderResult } from '../ports.ts'
import { leaveBatch } from '../state/batch-transitions.ts'
import { isHeldByBatch } from '../state/batched.ts'
import { findGeneration, type GenerationWithImage } from '../state/repository.ts'
import { type Ending, endWithImage, recordOutcome } from './attempts.ts'
import { completeWith } from './complete-with.ts'
import { startCountdown } from './lease.ts'
import { judgeFailure } from './outcomes.ts'
import { removeIfErased } from './remove-if-erased.ts'
import type { RunDeps, RunOutcome } from './run-deps.ts'
import { settleFailure } from './settle-failure.ts'
import { keepBesides, storeImage } from './store-image.ts'
import { type TimedDeps, timeSteps } from './timed-deps.ts'

/** A generation's call in a batch, as its intent was recorded. */
export type BatchedCall = {
  generationId: string
  attemptId: string
  /** The generation's, while it is the batch's to end. */
  fence: number
  /** What was set aside for it. */
  heldNanoUsd: NanoUsd
}

/**
 * What came of a call in a batch: what `Provider.call` gives or throws. `unserved`: it was never made, so it cost nothing, and is to be
 * made otherwise. `unsendable`: it can't be.
 */
export type BatchedAnswer =
  | { kind: 'answered'; result: ProviderResult }
  | { kind: 'failed'; error: ProviderError }
  | { kind: 'unserved' | 'unsendable'; error: AppError }

/**
 * Does with a result of a batch what a worker does with the answer to its call: secures it, books it, and ends the generation with it,
 * or has it tried again. What is paid for whose generation ended or went another way since is booked and kept. Safe to repeat from
 * whatever step. Throws when a statement fails, or the signal's reason.
 */
export const settleBatched = async (
  runDeps: RunDeps,
  call: BatchedCall,
  answer: BatchedAnswer,
  signal: AbortSignal,
): Promise<void> => {
  const row = await findGeneration(runDeps.db, call.generationId)
  // Erased, and its calls with it; what it cost is in the sums.
  if (!row) return
  const deps = { ...timeSteps(runDeps), leftUntil: startCountdown(row), onLong: () => {} }
  const isOurs = isHeldByBatch(row) && row.fence === call.fence
  if (answer.kind === 'answered') {
    if (isOurs) await spool(deps, row, answer.result)
    await book(deps, call, answer.result)
    if (!isOurs) return keepLate(deps, row, answer.result, signal)
  } else {
    await bookFailure(deps, call, answer)
    if (!isOurs) return
  }
  const outcome = await end(deps, row, answer, signal)
  if (outcome.kind === 'left') await removeIfErased(deps, row)
  runDeps.onRun(row, outcome, row.asOf.getTime() - row.queuedAt.getTime())
}

const spool = async (
  { spool, onTrouble, onStep }: TimedDeps,
  { id, objectKey }: GenerationWithImage,
  result: ProviderResult,
): Promise<void> => {
  onStep(id, 'answered')
  await spool.write(objectKey, result).catch((error: unknown) => onTrouble(id, 'spool', error))
  onStep(id, 'spooled')
}

const book = async (
  { db, onStep }: TimedDeps,
  { generationId, attemptId }: BatchedCall,
  { costNanoUsd, receipt }: ProviderResult,
): Promise<void> => {
  const ending = endWithImage({ costNanoUsd, isEstimate: false, receipt })
  await recordOutcome(db, generationId, attemptId, ending)
  onStep(generationId, 'outcome_recorded')
}

const bookFailure = (
  { db }: TimedDeps,
  { generationId, attemptId, heldNanoUsd }: BatchedCall,
  { kind, error }: Exclude<BatchedAnswer, { kind: 'answered' }>,
): Promise<void> =>
  recordOutcome(
    db,
    generationId,
    attemptId,
    kind === 'failed' ? judgeFailure(error, heldNanoUsd) : NEVER_SENT,
  )

const NEVER_SENT: Ending = {
  outcome: 'interrupted',
  mayHaveCharged: false,
  isAmbiguous: false,
  costNanoUsd: 0,
  isEstimate: false,
  isSpared: true,
}

const end = async (
  deps: TimedDeps,
  claim: GenerationWithImage,
  answer: BatchedAnswer,
  signal: AbortSignal,
): Promise<RunOutcome> => {
  if (answer.kind === 'unserved') {
    const left = await leaveBatch(deps.db, claim, answer.error, deps.giveUpMs)
    return left ? { kind: 'again', delayMs: 0 } : { kind: 'left' }
  }
  try {
    if (answer.kind !== 'answered') throw answer.error
    const isCommitted = await completeWith(
      deps,
      claim,
      { ...answer.result, isBooked: true },
      signal,
    )
    return isCommitted ? { kind: 'finished', status: 'succeeded' } : { kind: 'left' }
  } catch (error) {
    // Whoever takes the batch over begins anew with this one.
    signal.throwIfAborted()
    return settleFailure(deps, claim, error, 'batch')
  }
}

/**
 * What came for a generation that ended or went another way meanwhile. It stands where whoever asks again finds it, unless another
 * image is there or on its way: then it is kept besides.
 */
const keepLate = async (
  deps: TimedDeps,
  row: GenerationWithImage,
  result: ProviderResult,
  signal: AbortSignal,
): Promise<void> => {
  const isBoughtAnew = row.lane === 'interactive' && deps.batching?.promotion === 'buy'
  const hasOther = row.status === 'succeeded' || (row.status === 'running' && isBoughtAnew)
  try {
    if (hasOther) await keepBesides(deps, row, result, signal)
    else await storeImage(deps, row, result, signal)
  } catch (error) {
    signal.throwIfAborted()
    deps.onTrouble(row.id, 'store', error)
  }
  await removeIfErased(deps, row)
}
