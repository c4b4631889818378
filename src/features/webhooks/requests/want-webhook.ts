import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import { AppError } from '../../../lib/errors.ts'

/** What is to be told where, once all of these generations have ended. */
export type WantedWebhook = {
  ownerId: string
  /** In whose words it is told. */
  dialect: string
  /** As `parsePublicUrl` gives it. */
  url: string
  requestId: string
  generationIds: readonly string[]
}

/** How many of an owner's may wait for their end or their delivery. */
const MAX_OPEN = 1_000

/**
 * Has the end of a request told, however long it takes and whoever is restarted meanwhile. Wanting it again while it waits changes
 * nothing; once it was told, it is told again. Throws `too_many_webhooks`.
 */
export const wantWebhook = async (
  db: Database,
  { ownerId, dialect, url, requestId, generationIds }: WantedWebhook,
): Promise<void> => {
  const { rows } = await sql`
    insert into request_webhooks (owner_id, dialect, url, request_id, generation_ids)
    select ${ownerId}, ${dialect}, ${url}, ${requestId}, ${generationIds}::text[]
    where (select count(*) from (
      select from request_webhooks
      where owner_id = ${ownerId} and status in ('waiting', 'pending') limit ${MAX_OPEN}) as open) < ${MAX_OPEN}
    on conflict (owner_id, request_id, url) where status = 'waiting' do update set url = excluded.url
    returning id`.execute(db)
  if (rows.length > 0) return
  throw new AppError(
    'too_many_webhooks',
    `${MAX_OPEN} requests wait for their webhooks to be delivered already; try again when some have been.`,
    { retryable: true },
  )
}
