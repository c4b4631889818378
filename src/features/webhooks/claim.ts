import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { WebhookDeliveryRow } from '../../../db/schema.ts'

export type ClaimLimits = {
  /** How many deliveries to take at most. */
  free: number
  /** How many of one endpoint's may be under way. */
  maxPerEndpoint: number
  /** How many of each are. */
  underWay: ReadonlyMap<string, number>
  leaseMs: number
  /** Alerts, and nothing else. */
  isForAlerts: boolean
}

/** `claimedAt`: by the clock that receivers go by, which a worker's own need not be. */
export type ClaimedDelivery = WebhookDeliveryRow & { claimedAt: Date }

/**
 * Takes due deliveries for as long as the lease holds, by Postgres's clock; none that another worker has. Looks at each
 * endpoint that waits for something by itself, so that what one has piled up hides no other's.
 */
export const claimDeliveries = async (
  db: Database,
  { free, maxPerEndpoint, underWay, leaseMs, isForAlerts }: ClaimLimits,
): Promise<ClaimedDelivery[]> => {
  const waits = isForAlerts
    ? sql`next_attempt_at is not null and type like 'alert.%'`
    : sql`next_attempt_at is not null`
  const due = sql`${waits} and next_attempt_at <= now() and (lease_expires_at is null or lease_expires_at < now())`
  const taken = sql`coalesce((${JSON.stringify(Object.fromEntries(underWay))}::jsonb ->> waiting.endpoint_id)::int, 0)`
  const { rows } = await sql<ClaimedDelivery>`
    with recursive waiting as (
      (select endpoint_id from webhook_deliveries where ${waits}
        order by endpoint_id limit 1)
      union all
      select (select next.endpoint_id from webhook_deliveries as next
        where ${waits} and next.endpoint_id > waiting.endpoint_id
        order by next.endpoint_id limit 1)
      from waiting where endpoint_id is not null
    ), due as materialized (
      select oldest.id from waiting cross join lateral (
        select id, next_attempt_at, row_number() over (order by next_attempt_at) as place
        from webhook_deliveries
        where webhook_deliveries.endpoint_id = waiting.endpoint_id and ${due}
        order by next_attempt_at limit ${maxPerEndpoint}::int
      ) as oldest
      where place + ${taken} <= ${maxPerEndpoint}::int
      order by next_attempt_at limit ${free}::int
    ), locked as materialized (
      select id from webhook_deliveries where id in (select id from due) and ${due} for update skip locked
    )
    update webhook_deliveries
    set claims = claims + 1, lease_expires_at = now() + ${leaseMs}::int * interval '1 millisecond'
    where id in (select id from locked)
    returning *, now() as claimed_at`.execute(db)
  return rows
}
