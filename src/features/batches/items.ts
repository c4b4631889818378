import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { RunDeps } from '../../generation/run/run-deps.ts'
import {
  type BatchedAnswer,
  type BatchedCall,
  settleBatched,
} from '../../generation/run/settle-batched.ts'
import { AppError, isProviderError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { OnBatchStep } from './ports.ts'

/** A generation in a batch, and what of it decides about its cost and its messages. */
export type SentItem = BatchedCall &
  Pick<GenerationRow, 'model' | 'imageSize' | 'prompt' | 'lane'> & {
    itemId: string
    /** True while nothing else has become of the generation. */
    isWanted: boolean
  }

/** Those of a batch that are not settled, in the order of their ids. */
export const listSentItems = (db: Database, batchId: string): Promise<SentItem[]> =>
  selectItems(db).where('item.batchId', '=', batchId).orderBy('item.id').execute()

const selectItems = (db: Database) =>
  db
    .selectFrom('batchItems as item')
    .innerJoin('generations as g', 'g.id', 'item.generationId')
    .leftJoin('attempts as a', 'a.id', 'item.attemptId')
    .where('item.state', '=', 'sent')
    .select([
      'item.id as itemId',
      'item.generationId',
      'item.fence',
      sql<string>`item.attempt_id`.as('attemptId'),
      sql<NanoUsd>`coalesce(a.held_nano_usd, 0)`.as('heldNanoUsd'),
      'g.model',
      'g.imageSize',
      'g.prompt',
      'g.lane',
      sql<boolean>`g.status = 'running' and g.lease_expires_at is null and g.fence = item.fence`.as(
        'isWanted',
      ),
    ])

export type SettleItemDeps = { db: Database; run: RunDeps; onStep: OnBatchStep }

/** Does with an item what its answer says, once; safe to repeat where that was cut off. */
export const settleItem = async (
  { db, run, onStep }: SettleItemDeps,
  { itemId }: SentItem,
  answer: BatchedAnswer,
  signal: AbortSignal,
): Promise<void> => {
  // As it is now: it may have been canceled and asked for again since the items were listed.
  const item = await selectItems(db).where('item.id', '=', itemId).executeTakeFirst()
  if (!item) return
  await settleBatched(run, item, answer, signal)
  onStep(item.generationId, 'secured')
  await db
    .updateTable('batchItems')
    .set({ state: 'settled', outcome: outcomeOf(answer), settledAt: sql<Date>`now()` })
    .where('id', '=', itemId)
    .execute()
}

const outcomeOf = (answer: BatchedAnswer): string => {
  if (answer.kind === 'answered') return 'image'
  return answer.kind === 'failed' ? answer.error.code : answer.kind
}

/** What an answer is that throws what went wrong. */
export const toAnswer = (
  read: () => Extract<BatchedAnswer, { kind: 'answered' }>['result'],
): BatchedAnswer => {
  try {
    return { kind: 'answered', result: read() }
  } catch (error) {
    if (isProviderError(error)) return { kind: 'failed', error }
    throw error
  }
}

/** The batch came to nothing for it: it is made otherwise. */
export const unserved = (why: string): BatchedAnswer => ({
  kind: 'unserved',
  error: new AppError('overloaded', why, { retryable: true }),
})
