import { sql } from 'kysely'
import { createProviderError } from '../../adapters/providers/provider-error.ts'
import type { BatchedAnswer } from '../../generation/run/settle-batched.ts'
import { isProviderError } from '../../lib/errors.ts'
import type { Change } from './hold.ts'
import { listSentItems, type SentItem, settleItem, toAnswer, unserved } from './items.ts'
import type { HeldBatch } from './ports.ts'
import type { StepDeps } from './step-deps.ts'

/**
 * Takes the results of a batch that has ended, one line at a time, each as the answer to a call of its own. What has none was never
 * made, or is lost. What is done is not done again, so this may be cut off anywhere.
 */
export const takeResults = async (
  deps: StepDeps,
  batch: HeldBatch,
  signal: AbortSignal,
): Promise<Change> => {
  const open = new Map<string, SentItem>()
  for (const item of await listSentItems(deps.db, batch.id)) open.set(item.generationId, item)
  const isRead = open.size === 0 || (await readAll(deps, batch, open, signal))
  const rest = answerOfRest(batch, isRead)
  for (const item of open.values()) await settleItem(deps, item, rest, signal)
  return { state: 'settled', settledAt: sql<Date>`now()`, dueAt: sql<Date>`now()` }
}

/** False where the provider has no results any more, or does not give them for too long. */
const readAll = async (
  deps: StepDeps,
  batch: HeldBatch,
  open: Map<string, SentItem>,
  signal: AbortSignal,
): Promise<boolean> => {
  if (!batch.responsesFile) return true
  let isSound = true
  try {
    for await (const { key, readAnswer } of deps.wire.readResults(batch.responsesFile, signal)) {
      const item = key === undefined ? undefined : open.get(key)
      if (key === undefined) {
        isSound = false
        deps.onTrouble(
          batch,
          new Error('A line of its results can not be read, or says not whose it is.'),
        )
      }
      // Another's, one that was erased, or the same once more.
      if (!item) continue
      deps.onStep(item.generationId, 'fetched')
      await settleItem(
        deps,
        item,
        toAnswer(() => readAnswer(item)),
        signal,
      )
      open.delete(item.generationId)
    }
  } catch (error) {
    signal.throwIfAborted()
    const ageMs = batch.asOf.getTime() - batch.createdAt.getTime()
    const isGone = isProviderError(error) && error.code === 'model_gone'
    if (!isGone && ageMs <= deps.deadlineMs) throw error
    deps.onTrouble(batch, error)
    return false
  }
  return isSound
}

const NEVER_MADE: readonly HeldBatch['outcome'][] = ['failed', 'canceled', 'expired', 'refused']

const answerOfRest = ({ outcome }: HeldBatch, isRead: boolean): BatchedAnswer =>
  isRead && NEVER_MADE.includes(outcome)
    ? unserved(`The image provider did not make it: its batch ${WORDS[outcome ?? 'lost']}.`)
    : {
        kind: 'failed',
        error: createProviderError('ambiguous', 'The results of its batch do not tell of it.'),
      }

const WORDS: Record<NonNullable<HeldBatch['outcome']>, string> = {
  succeeded: 'ended',
  failed: 'failed',
  canceled: 'was canceled',
  expired: 'expired',
  refused: 'was refused',
  lost: 'is lost',
}
