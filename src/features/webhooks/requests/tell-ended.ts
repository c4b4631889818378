import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import type { RequestWebhookRow } from '../../../../db/schema.ts'

const BATCH_ROWS = 100

/**
 * Makes due what is to be told of requests whose generations have all ended, or are gone. What is told is written down with it, so that
 * it is the same at each attempt, whatever becomes of the generations. Safe from many workers at once: the first one's words stand.
 */
export const tellEnded = async (
  db: Database,
  /** Undefined where it is under way again. */
  describe: (row: RequestWebhookRow) => Promise<string | undefined>,
): Promise<void> => {
  for (const row of await findEnded(db)) {
    const body = await describe(row)
    if (body === undefined) continue
    await db
      .updateTable('requestWebhooks')
      .set({ body, status: 'pending', nextAttemptAt: sql<Date>`now()` })
      .where('id', '=', row.id)
      .where('status', '=', 'waiting')
      .execute()
  }
}

const findEnded = (db: Database): Promise<RequestWebhookRow[]> =>
  db
    .selectFrom('requestWebhooks')
    .selectAll()
    .where('status', '=', 'waiting')
    .where(
      sql<boolean>`not exists (
        select from generations
        where generations.id = any(request_webhooks.generation_ids) and generations.status in ('queued', 'running'))`,
    )
    .orderBy('createdAt')
    .limit(BATCH_ROWS)
    .execute()
