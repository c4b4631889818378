import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { nudge } from '../../../db/nudges.ts'
import { addCounts, ERASURES_CHANGED, type Erasure } from './erasures.ts'

/** What of the rollup is the owner's; the rows of everyone stay as they are. */
const ROLLUP = ['daily_figures', 'monthly_figures', 'daily_models', 'daily_durations']

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
      with progress as materialized (select event_id from analytics_progress for update)
      select exists (select from generations where owner_id = ${ownerId})
        or exists (select from image_metadata where user_id = ${ownerId})
        or exists (select from erased_objects where erasure_id = ${id})
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
    for (const table of ['spending', 'budgets']) {
      await sql`delete from ${sql.table(table)} where scope = 'owner:' || ${ownerId}::text`.execute(
        tx,
      )
    }
    await sql`update embedding_calls set owner_id = null where owner_id = ${ownerId}`.execute(tx)
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
