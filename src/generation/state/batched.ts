import { type RawBuilder, sql } from 'kysely'
import type { BatchState } from '../../../db/batch-tables.ts'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'

/*
 * A generation that a batch job makes has no worker: it is `running` without a lease, so that nobody claims it or takes it for lost, and
 * the item of the batch holds its fence. Whoever takes the results changes it by that fence, as its worker would.
 */

/** SQL for a row of `generations` that a batch job makes. */
export const isBatched = sql<boolean>`(
  case when status = 'running' then lease_expires_at is null else false end)`

/** The same of a row that was read. */
export const isHeldByBatch = ({
  status,
  leaseExpiresAt,
}: Pick<GenerationRow, 'status' | 'leaseExpiresAt'>): boolean =>
  status === 'running' && leaseExpiresAt === null

/** What a claim is to know of its generation, named `changed`. */
export const selectBatched = [
  sql<boolean>`exists (
    select from batch_items where generation_id = changed.id and batch_items.state = 'sent')`.as(
    'isInBatch',
  ),
  sql<number>`(
    select count(*) + count(*) filter (where outcome = 'unserved') from batch_items
    where generation_id = changed.id and settled_at >= changed.queued_at)::int`.as('batchTries'),
]

/** Where a generation stands that waits for a batch (`gathered`) or is in one. */
export type Batched = {
  state: 'gathered' | BatchState
  /** When it was gathered, and when its batch was made; as JSON has times. */
  gathered: string
  made: string | null
}

/** SQL for that; null for others. Its keys are of one word each, as others would be renamed. */
export const describeBatched = (generation: RawBuilder<unknown>): RawBuilder<Batched | null> =>
  sql<Batched | null>`case when ${generation}.status in ('queued', 'running') then (
    select jsonb_build_object(
      'state', coalesce(batches.state, 'gathered'), 'gathered', gathered_at, 'made', batches.created_at)
    from batch_items left join batches on batches.id = batch_items.batch_id
    where generation_id = ${generation}.id and batch_items.state <> 'settled' and batch_items.fence = ${generation}.fence
    limit 1) end`

/**
 * A generation that was claimed though a batch job makes it (it was canceled and asked for again meanwhile) is left to that: it is paid
 * for. False where that has been settled since. No event.
 */
export const rejoinBatch = async (
  db: Database,
  { id, fence }: Pick<GenerationRow, 'id' | 'fence'>,
  deadlineMs: number,
): Promise<boolean> => {
  const { rows } = await sql`
    with item as materialized (
      select id from batch_items where generation_id = ${id} and state = 'sent' for update
    ), rejoined as (
      update generations
      set lease_expires_at = null, worker_id = null,
        deadline_at = greatest(deadline_at, now() + ${deadlineMs} * interval '1 millisecond')
      from item
      where generations.id = ${id} and fence = ${fence} and status = 'running'
      returning fence
    )
    update batch_items set fence = rejoined.fence from item, rejoined where batch_items.id = item.id
    returning batch_items.id`.execute(db)
  return rows.length > 0
}
