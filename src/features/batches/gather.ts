import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Batching } from '../../generation/ports.ts'
import { mayCallAgain } from '../../generation/run/attempts.ts'
import { awaitBatch } from '../../generation/state/batch-transitions.ts'
import type { ClaimedRow } from '../../generation/state/transitions.ts'
import type { BatchWire, OnBatchStep } from './ports.ts'

export type GatherDeps = {
  db: Database
  wire: Pick<BatchWire, 'name' | 'account' | 'isOffered'>
  /** The longest that the first of a batch waits for others. */
  waitMs: number
  onStep: OnBatchStep
}

/** What was in so many batches in vain is made otherwise; one that ended without a word of it counts twice. */
const MAX_TRIES = 2
/** A batch is made a moment after the wait; what is in none by then is looked at again. */
const SLACK_MS = 60_000
/** Where none is made, nothing waits for ever. */
const MAX_WAITS = 3

/**
 * Puts a claimed generation of the tier `batch` among those of which the next batch of its model is made; undefined for one that is to
 * be called for now.
 */
export const createGather =
  ({ db, wire, waitMs, onStep }: GatherDeps): Batching['gather'] =>
  async (claim) => {
    if (!isBatchable(wire, claim)) return undefined
    const gathered = await db.transaction().execute(async (tx) => {
      if (await hasWaitedInVain(tx, claim, MAX_WAITS * (waitMs + SLACK_MS))) return undefined
      const row = await awaitBatch(tx, claim, waitMs + SLACK_MS)
      if (row) await insertItem(tx, wire.account, claim)
      return row
    })
    if (gathered) onStep(claim.id, 'gathered')
    return gathered
  }

const isBatchable = (wire: GatherDeps['wire'], claim: ClaimedRow): boolean =>
  claim.lane === 'eager' &&
  // What a caller's own key pays for is in no batch of ours.
  claim.upstreamAccount === null &&
  claim.provider === wire.name &&
  claim.batchTries < MAX_TRIES &&
  mayCallAgain(claim) &&
  wire.isOffered(claim.model)

const hasWaitedInVain = async (
  tx: Database,
  { id }: ClaimedRow,
  maxMs: number,
): Promise<boolean> => {
  const dropped = await tx
    .deleteFrom('batchItems')
    .where('generationId', '=', id)
    .where('state', '=', 'gathered')
    .where('gatheredAt', '<', sql<Date>`now() - ${maxMs} * interval '1 millisecond'`)
    .executeTakeFirst()
  return dropped.numDeletedRows > 0n
}

/** One that waits already keeps its place. */
const insertItem = (
  tx: Database,
  account: string,
  { id: generationId, provider, model, fence }: ClaimedRow,
) =>
  tx
    .insertInto('batchItems')
    .values({ generationId, provider, account, model, fence })
    .onConflict((conflict) =>
      conflict
        .column('generationId')
        .where('state', '<>', 'settled')
        .doUpdateSet({ provider, account, model, fence })
        .where('batchItems.state', '=', 'gathered'),
    )
    .execute()
