import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { BatchRow } from '../../../db/schema.ts'
import type { Batch, BatchPage } from '../../contract/batch.ts'
import type { PagePosition } from '../../generation/state/repository.ts'
import { type NanoUsd, toUsd } from '../../lib/money.ts'

type CountedBatch = BatchRow & { open: number; images: number; costNanoUsd: NanoUsd }

/** The newest first, one more than `limit` where there are more. */
export const listBatches = (
  db: Database,
  { limit, before }: { limit: number; before: PagePosition | undefined },
): Promise<CountedBatch[]> => {
  const newest = selectBatches(db)
    .orderBy('createdAt', 'desc')
    .orderBy('b.id', 'desc')
    .limit(limit + 1)
  const page = before
    ? newest.where(sql<boolean>`(b.created_at, b.id) < (${before.at}, ${before.id})`)
    : newest
  return page.execute()
}

export const findBatch = (db: Database, id: string): Promise<CountedBatch | undefined> =>
  selectBatches(db).where('b.id', '=', id).executeTakeFirst()

const selectBatches = (db: Database) =>
  db
    .selectFrom('batches as b')
    .selectAll('b')
    .select([
      sql<number>`(select count(*)::int from batch_items where batch_id = b.id and batch_items.state = 'sent')`.as(
        'open',
      ),
      sql<number>`(select count(*)::int from batch_items where batch_id = b.id and batch_items.outcome = 'image')`.as(
        'images',
      ),
      sql<number>`(
        select coalesce(sum(attempts.cost_nano_usd), 0)::bigint from batch_items join attempts on attempts.id = batch_items.attempt_id
        where batch_id = b.id)`.as('costNanoUsd'),
    ])

export const presentBatch = (row: CountedBatch): Batch => ({
  id: row.id,
  provider: row.provider,
  model: row.model,
  state: row.state,
  outcome: row.outcome,
  items: { total: row.itemCount, open: row.open, images: row.images },
  costUsd: toUsd(row.costNanoUsd),
  createdAt: row.createdAt.toISOString(),
  sentAt: toIso(row.sentAt),
  runningAt: toIso(row.runningAt),
  endedAt: toIso(row.endedAt),
  closedAt: toIso(row.closedAt),
  cancelAskedAt: toIso(row.cancelAskedAt),
  trouble:
    row.trouble !== null && row.troubleSince
      ? { message: row.trouble, since: row.troubleSince.toISOString() }
      : null,
})

const toIso = (at: Date | null): string | null => at?.toISOString() ?? null

export const countGathered = async (db: Database): Promise<BatchPage['gathered']> => {
  const { rows } = await sql<{ count: number; since: Date | null }>`
    select count(*)::int as count, min(gathered_at) as since from batch_items where state = 'gathered'`.execute(
    db,
  )
  return { count: rows[0]?.count ?? 0, since: toIso(rows[0]?.since ?? null) }
}

/** How things stand, for the figures and the alert. */
export type BatchFigures = {
  gathered: number
  /** Batches and the generations in them that nothing has come of, by state. */
  byState: { state: string; batches: number; open: number }[]
  /** How long the oldest that is not closed has been so, in milliseconds; 0 where there is none. */
  oldestMs: number
  /** Batches that do not get on: for a while a step of theirs has failed, or they are older than they may be. */
  stuck: number
}

/** What fails for so long does not pass by itself. */
const STUCK_MINUTES = 15

/** `lateMs`: beyond this age a batch that has not ended is stuck. */
export const measureBatches = async (db: Database, lateMs: number): Promise<BatchFigures> => {
  const { rows: byState } = await sql<
    BatchFigures['byState'][number] & { oldestMs: number; stuck: number }
  >`
    select state, count(*)::int as batches,
      coalesce(sum((select count(*) from batch_items where batch_id = batches.id and batch_items.state = 'sent')), 0)::int as open,
      max(extract(epoch from now() - created_at) * 1000)::float8 as oldest_ms,
      (count(*) filter (where trouble_since < now() - ${STUCK_MINUTES} * interval '1 minute'
        or (state in ('intended', 'running', 'ended') and created_at < now() - ${lateMs} * interval '1 millisecond')))::int as stuck
    from batches where state <> 'closed' group by state`.execute(db)
  const { count: gathered } = await countGathered(db)
  return {
    gathered,
    byState: byState.map(({ state, batches, open }) => ({ state, batches, open })),
    oldestMs: Math.max(0, ...byState.map(({ oldestMs }) => oldestMs)),
    stuck: byState.reduce((sum, { stuck }) => sum + stuck, 0),
  }
}
