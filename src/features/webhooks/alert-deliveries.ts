import { sql, type Transaction } from 'kysely'
import { nudge } from '../../../db/nudges.ts'
import type { Schema } from '../../../db/schema.ts'
import type { AlertEvent } from '../../contract/alert.ts'
import { ALERTS_DUE, WEBHOOKS_DUE } from '../../generation/state/channel.ts'

/** Records a delivery to every endpoint that wants alerts; in the transaction that changes the alert, so once for each change. */
export const insertAlertDeliveries = async (
  tx: Transaction<Schema>,
  events: readonly AlertEvent[],
): Promise<void> => {
  for (const event of events) {
    const type = `alert.${event.state}`
    const { rows } = await sql`
      insert into webhook_deliveries (endpoint_id, type, snapshot)
      select id, ${type}, ${JSON.stringify(event)}::jsonb from webhook_endpoints
      where is_enabled and owner_id is not null and ${type} = any(events)
      returning id`.execute(tx)
    if (rows.length > 0) await nudge(tx, [WEBHOOKS_DUE, ALERTS_DUE])
  }
}
