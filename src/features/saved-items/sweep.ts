import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { askForImage, type ItemDeps } from './ask.ts'

const BATCH_ROWS = 100
/** What could not be asked for, or whose worker died, is tried again after this. */
const RETRY_SECONDS = 30
/** Then the next loading of the item asks. */
const GIVE_UP_MINUTES = 60
/** Senders repeat a delivery for hours, signed anew each time. */
const DELIVERY_HOURS = 72

/**
 * Asks for the images of items whose edits have paused; returns how many. Safe from many workers at once, and repeated until it
 * succeeds: an item's own entry of its generation ends it.
 */
export const sweepSavedItems = async (deps: ItemDeps): Promise<number> => {
  const due = await takeDue(deps.db)
  const items = await Promise.all(due.map((key) => findDue(deps.db, key)))
  await Promise.all(items.map((item) => item && askForImage(deps, item)))
  await deleteOldDeliveries(deps.db)
  return due.length
}

type Due = { ownerId: string; id: string; revision: number }

const takeDue = async (db: Database): Promise<Due[]> => {
  const { rows } = await sql<Due>`
    update saved_items
    set ask_after = case
      when prompt is null or image_url is not null or generation_id is not null then null
      when ask_before < now() - ${GIVE_UP_MINUTES} * interval '1 minute' then null
      else now() + ${RETRY_SECONDS} * interval '1 second' end
    where (owner_id, id) in (
      select owner_id, id from saved_items
      where ask_after <= now()
      order by ask_after
      limit ${BATCH_ROWS}
      for update skip locked)
    returning owner_id, id, revision`.execute(db)
  return rows
}

/** Undefined for one that wants nothing any more, or something else: an edit has put that off again. */
const findDue = (db: Database, { ownerId, id, revision }: Due) =>
  db
    .selectFrom('savedItems')
    .selectAll()
    .where('ownerId', '=', ownerId)
    .where('id', '=', id)
    .where('revision', '=', revision)
    .where('askAfter', 'is not', null)
    .executeTakeFirst()

const deleteOldDeliveries = async (db: Database): Promise<void> => {
  await sql`
    delete from hook_deliveries where (source, webhook_id) in (
      select source, webhook_id from hook_deliveries
      where received_at < now() - ${DELIVERY_HOURS} * interval '1 hour'
      limit ${BATCH_ROWS}
      for update skip locked)`.execute(db)
}
