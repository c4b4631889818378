import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { RequestWebhookRow, WebhookDeliveryRow } from '../../../db/schema.ts'

export type ClaimLimits = {
  /** How many deliveries to take at most. */
  free: number
  /** How many of those that take turns with others may be under way. */
  maxEach: number
  /** How many of each are. */
  underWay: ReadonlyMap<string, number>
  leaseMs: number
}

/** `claimedAt`: by the clock that receivers go by, which a worker's own need not be. */
export type ClaimedDelivery = WebhookDeliveryRow & { claimedAt: Date }
export type ClaimedRequest = RequestWebhookRow & { claimedAt: Date }

/** Those of endpoints, which take turns by endpoint. `isForAlerts`: alerts, and nothing else. */
export const claimDeliveries = (
  db: Database,
  { isForAlerts, ...limits }: ClaimLimits & { isForAlerts: boolean },
): Promise<ClaimedDelivery[]> =>
  claimDue(db, limits, {
    table: 'webhook_deliveries',
    turn: 'endpoint_id',
    waits: isForAlerts
      ? sql`next_attempt_at is not null and type like 'alert.%'`
      : sql`next_attempt_at is not null`,
  })

/** Those of single requests, which take turns by owner. */
export const claimRequests = (db: Database, limits: ClaimLimits): Promise<ClaimedRequest[]> =>
  claimDue(db, limits, {
    table: 'request_webhooks',
    turn: 'owner_id',
    waits: sql`next_attempt_at is not null`,
  })

type Due = { table: string; turn: string; waits: RawBuilder<unknown> }

/**
 * Takes due deliveries for as long as the lease holds, by Postgres's clock; none that another worker has. Looks at each
 * of those that take turns by itself, so that what one has piled up hides no other's.
 */
const claimDue = async <Row>(
  db: Database,
  { free, maxEach, underWay, leaseMs }: ClaimLimits,
  { table: name, turn: column, waits }: Due,
): Promise<Row[]> => {
  const [table, turn] = [sql.table(name), sql.ref(column)]
  const due = sql`${waits} and next_attempt_at <= now() and (lease_expires_at is null or lease_expires_at < now())`
  const taken = sql`coalesce((${JSON.stringify(Object.fromEntries(underWay))}::jsonb ->> waiting.turn)::int, 0)`
  const { rows } = await sql<Row>`
    with recursive waiting as (
      (select ${turn} as turn from ${table} where ${waits}
        order by ${turn} limit 1)
      union all
      select (select ${turn} from ${table}
        where ${waits} and ${turn} > waiting.turn
        order by ${turn} limit 1)
      from waiting where waiting.turn is not null
    ), due as materialized (
      select oldest.id from waiting cross join lateral (
        select id, next_attempt_at, row_number() over (order by next_attempt_at) as place
        from ${table}
        where ${turn} = waiting.turn and ${due}
        order by next_attempt_at limit ${maxEach}::int
      ) as oldest
      where place + ${taken} <= ${maxEach}::int
      order by next_attempt_at limit ${free}::int
    ), locked as materialized (
      select id from ${table} where id in (select id from due) and ${due} for update skip locked
    )
    update ${table}
    set claims = claims + 1, lease_expires_at = now() + ${leaseMs}::int * interval '1 millisecond'
    where id in (select id from locked)
    returning *, now() as claimed_at`.execute(db)
  return rows
}
