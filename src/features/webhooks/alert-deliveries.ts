import { sql, type Transaction } from 'kysely'
import type { Schema } from '../../../db/schema.ts'
import type { AlertEvent } from '../../contract/alert.ts'
import { ALERTS_DUE, GENERATION_CHANNEL, WEBHOOKS_DUE } from '../../generation/state/channel.ts'

/** Records a delivery to every endpoint that wants alerts; in the transaction that changes the alert, so once for each change. */
export const insertAlertDeliveries = async (
  tx: Transaction<Schema>,
  events: readonly AlertEvent[],
): Promise<void> => {
  for (const event of events) {
    const type = `alert.${event.state}`
    await sql`
      with delivery as (
        insert into webhook_deliveries (endpoint_id, type, snapshot)
        select id, ${type}, ${JSON.stringify(event)}::jsonb from webhook_endpoints
        where is_enabled and owner_id is not null and ${type} = any(events)
        returning id
      )
      select pg_notify(${GENERATION_CHANNEL}, ${WEBHOOKS_DUE}), pg_notify(${GENERATION_CHANNEL}, ${ALERTS_DUE})
      from delivery limit 1`.execute(tx)
  }
}
