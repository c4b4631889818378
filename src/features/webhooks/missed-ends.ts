import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { nudge } from '../../../db/nudges.ts'
import { WEBHOOKS_DUE } from '../../generation/state/channel.ts'
import {
  hasDeliveries,
  insertDeliveries,
  sourcesEndpoints,
} from '../../generation/state/webhook-deliveries.ts'

const BATCH_ROWS = 100

/**
 * Tells sources of generations that had ended when they were entered in an item, or that ended at that very moment: an
 * image that existed, or one that somebody else waited for. Safe from many workers at once.
 */
export const tellMissedEnds = async (db: Database): Promise<void> => {
  const { rows } = await sql<{ isDue: boolean }>`
    with ended as (
      update saved_items set is_end_untold = false
      where (owner_id, id) in (
        select item.owner_id, item.id
        from saved_items as item join generations on generations.id = item.generation_id
        where item.is_end_untold and status in ('succeeded', 'failed', 'canceled')
        limit ${BATCH_ROWS}
        for update of item skip locked)
      returning generation_id
    ), changed as (
      select * from generations where id in (select generation_id from ended)
    ), delivery as ${insertDeliveries(sql`'generation.' || changed.status`, sourcesEndpoints)}
    select ${hasDeliveries} as is_due`.execute(db)
  if (rows[0]?.isDue) await nudge(db, [WEBHOOKS_DUE])
}
