import { sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { nudge } from '../../../db/nudges.ts'
import type { Schema } from '../../../db/schema.ts'
import type { NanoUsdSum } from '../../lib/money.ts'
import { addCounts, ERASURES_CHANGED, type Erasure } from './erasures.ts'
import { keepSpending } from './keep-spending.ts'

/** What of the rollup is the owner's; the rows of everyone stay as they are. */
const ROLLUP = [
  'daily_figures',
  'monthly_figures',
  'daily_models',
  'daily_savings',
  'daily_durations',
]

/**
 * Erases the owner's own row, and whatever still refers to it, once nothing is left that has objects or money of its own. False, and
 * nothing changed, when there is. Who writes something of the owner meanwhile waits for this, and finds no owner then: it is
 * refused by Postgres, or begins anew.
 */
export const finishErasure = (db: Database, erasure: Erasure): Promise<boolean> =>
  db.transaction().execute(async (tx) => {
    const { id, ownerId } = erasure
    await sql`select from users where id = ${ownerId} for update`.execute(tx)
    // Who folds holds it until the owner's figures are committed.
    const { rows } = await sql<{ isLeft: boolean }>`
      with progress as materialized (
        select least(analytics_progress.event_id, savings_progress.event_id) as event_id
        from analytics_progress, savings_progress for update)
      select exists (select from generations where owner_id = ${ownerId})
        or exists (select from image_metadata where user_id = ${ownerId})
        or exists (select from erased_objects where erasure_id = ${id})
        or exists (select from gateway_calls where owner_id = ${ownerId}
          and is_counted is distinct from (finished_at is not null))
        or exists (select from generation_events, progress where generation_events.id > event_id and owner_id = ${ownerId})
        as is_left
      from progress`.execute(tx)
    if (rows[0]?.isLeft) return false
    const { numAffectedRows: events = 0n } = await sql`
      delete from generation_events where owner_id = ${ownerId}`.execute(tx)
    const { numAffectedRows: deliveries = 0n } = await sql`
      delete from webhook_deliveries where owner_id = ${ownerId}`.execute(tx)
    for (const table of ROLLUP) {
      await sql`delete from ${sql.table(table)} where owner_id = ${ownerId}`.execute(tx)
    }
    await keepSpending(tx, erasure)
    await sql`update embedding_calls set owner_id = null where owner_id = ${ownerId}`.execute(tx)
    await sql`update judge_calls set owner_id = null where owner_id = ${ownerId}`.execute(tx)
    await emptyGatewayCalls(tx, erasure)
    // Who made a key for another.
    await sql`update access_keys set created_by = 'erased' where created_by = ${ownerId}`.execute(
      tx,
    )
    await sql`delete from users where id = ${ownerId}`.execute(tx)
    await addCounts(tx, erasure, { events: Number(events), deliveries: Number(deliveries) })
    await sql`
      update erasures set owner_id = null, lease_expires_at = null, finished_at = clock_timestamp()
      where id = ${id}`.execute(tx)
    await nudge(tx, [ERASURES_CHANGED])
    return true
  })

/** The calls stay, without their owner: everyone's sums have them. One that is out stays booked at what it may cost. */
const emptyGatewayCalls = async (tx: Transaction<Schema>, erasure: Erasure): Promise<void> => {
  const { rows } = await sql<{ calls: number; spentNanoUsd: NanoUsdSum }>`
    with emptied as (
      update gateway_calls set owner_id = null, usage = null, is_counted = true,
        finished_at = coalesce(finished_at, clock_timestamp())
      where owner_id = ${erasure.ownerId}
      returning cost_nano_usd
    )
    select count(*)::int as calls, coalesce(sum(cost_nano_usd), 0) as spent_nano_usd from emptied`.execute(
    tx,
  )
  const [{ calls, spentNanoUsd } = { calls: 0, spentNanoUsd: 0 }] = rows
  if (calls > 0) await addCounts(tx, erasure, { calls }, spentNanoUsd)
}
