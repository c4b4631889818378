import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import {
  type BudgetSettings,
  encodeBudgets,
  limitsOf,
  lockedSums,
  scopesOf,
} from '../../generation/state/spending-limits.ts'
import { EmbeddingError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { Embedder, Payer } from './ports.ts'

/**
 * The same embedder, each of whose calls is in the books, at what it may cost, before it is sent, and is not sent where it would
 * pass a limit or paying is stopped: it throws `EmbeddingError` then. What costs nothing is not written down.
 */
export const createPaidEmbedder = (
  db: Database,
  embedder: Embedder,
  budgets: BudgetSettings,
): Embedder => ({
  ...embedder,
  embed: async (texts, signal, payer) => {
    const heldNanoUsd = embedder.estimateNanoUsd?.(texts) ?? 0
    if (heldNanoUsd === 0) return embedder.embed(texts, signal, payer)
    const callId = await recordCall(db, embedder.model, payer, heldNanoUsd, budgets)
    if (!callId) throw new EmbeddingError('No embedding may be paid for now.', { isFree: true })
    try {
      const embedded = await embedder.embed(texts, signal, payer)
      await settleCall(db, callId, embedded.costNanoUsd, embedded.isEstimate)
      return embedded
    } catch (error) {
      const isFree = error instanceof EmbeddingError && error.isFree
      await settleCall(db, callId, isFree ? 0 : heldNanoUsd, !isFree)
      throw error
    }
  },
})

/** The call's id; undefined where it may not be sent. The sums are locked and compared as `recordIntent` does. */
const recordCall = async (
  db: Database,
  model: string,
  payer: Payer | undefined,
  heldNanoUsd: NanoUsd,
  budgets: BudgetSettings,
): Promise<string | undefined> => {
  const [owner, key] = [sql`${payer?.ownerId ?? null}::text`, sql`${payer?.keyId ?? null}::text`]
  const held = sql`${heldNanoUsd}::bigint`
  const { rows } = await sql<{ id: string }>`
    with limits as materialized (
      select * from ${limitsOf(scopesOf(owner, key), sql`${encodeBudgets(budgets)}::text`)} as limits
    ), ${lockedSums}
    insert into embedding_calls (owner_id, key_id, model, started_at, held_nano_usd, cost_nano_usd)
    select ${owner}, ${key}, ${model}, now(), ${held}, ${held}
    where not exists (
        select from limits join locked using (scope, period, starts) where nano_usd + ${held} > limit_nano_usd)
      and not exists (select from spending_switch where paused_at is not null)
    returning id`.execute(db)
  return rows[0]?.id
}

const settleCall = async (
  db: Database,
  id: string,
  costNanoUsd: NanoUsd,
  isEstimate = false,
): Promise<void> => {
  await db
    .updateTable('embeddingCalls')
    .set({ costNanoUsd, isEstimate, finishedAt: sql<Date>`clock_timestamp()` })
    .where('id', '=', id)
    .where('finishedAt', 'is', null)
    .execute()
}
