import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'

/** A kind of row of an owner, in the order of a key that pages are cut by. */
export type ExportedRows = {
  name: string
  from: string
  owner: string
  key: readonly string[]
  /** What is no data of the owner, or a secret that an archive must not spread. */
  without: readonly string[]
}

/** What an export has besides the images. Vectors are left out: they are made of the prompts, and say nothing else. */
export const exportedRows: readonly ExportedRows[] = [
  {
    name: 'generations',
    from: 'generations',
    owner: 'owner_id',
    key: ['id'],
    without: ['upstream_account', 'fence', 'worker_id', 'lease_expires_at', 'object_key'],
  },
  {
    name: 'images',
    from: 'image_metadata',
    owner: 'user_id',
    key: ['id'],
    without: ['object_key', 'object_checked_at'],
  },
  {
    name: 'calls',
    from: '(select attempts.*, owner_id from attempts join generations on generations.id = generation_id) as calls',
    owner: 'owner_id',
    key: ['generation_id', 'id'],
    without: ['fence', 'worker_id', 'is_counted'],
  },
  {
    name: 'passed-calls',
    from: 'gateway_calls',
    owner: 'owner_id',
    key: ['id'],
    without: ['is_counted'],
  },
  {
    name: 'surplus',
    from: '(select surplus_objects.*, owner_id from surplus_objects join generations on generations.id = generation_id) as surplus',
    owner: 'owner_id',
    key: ['generation_id', 'attempt_id', 'digest'],
    without: ['object_key'],
  },
  { name: 'events', from: 'generation_events', owner: 'owner_id', key: ['id'], without: [] },
  { name: 'saved-items', from: 'saved_items', owner: 'owner_id', key: ['id'], without: [] },
  {
    name: 'webhooks',
    from: 'webhook_endpoints',
    owner: 'owner_id',
    key: ['id'],
    without: ['secret', 'previous_secret'],
  },
  {
    name: 'deliveries',
    from: '(select webhook_deliveries.*, webhook_endpoints.owner_id as endpoint_owner from webhook_deliveries join webhook_endpoints on webhook_endpoints.id = endpoint_id) as deliveries',
    owner: 'endpoint_owner',
    key: ['id'],
    without: ['endpoint_owner', 'claims', 'lease_expires_at'],
  },
  {
    name: 'request-webhooks',
    from: 'request_webhooks',
    owner: 'owner_id',
    key: ['id'],
    without: ['claims', 'lease_expires_at'],
  },
  {
    name: 'comparisons',
    from: 'similarity_checks',
    owner: 'owner_id',
    key: ['generation_id'],
    without: [],
  },
  {
    name: 'idempotency-keys',
    from: 'idempotency_keys',
    owner: 'owner_id',
    key: ['key'],
    without: [],
  },
  {
    name: 'preferences',
    from: 'owner_similarity',
    owner: 'owner_id',
    key: ['owner_id'],
    without: [],
  },
  {
    name: 'days',
    from: 'daily_figures',
    owner: 'owner_id',
    key: ['day'],
    without: [],
  },
]

const PAGE_ROWS = 500

/** Pages of rows as JSON, a line each, `maxRows` at most; no connection is held between two pages. */
export async function* readPages(
  db: Database,
  ownerId: string,
  { from, owner, key, without }: ExportedRows,
): AsyncGenerator<string> {
  const place = sql`jsonb_build_array(${sql.join(key.map((column) => sql.ref(column)))})`
  const order = sql.join(key.map((column) => sql.ref(column)))
  let after: string | undefined
  for (;;) {
    const isAfter = after ? isBehind(key, after) : sql`true`
    const { rows } = await sql<{ line: string; place: string }>`
      select (to_jsonb(one) - ${without}::text[])::text as line, ${place}::text as place
      from (
        select * from ${sql.raw(from)} where ${sql.ref(owner)} = ${ownerId} and ${isAfter}
        order by ${order} limit ${PAGE_ROWS}
      ) as one order by ${order}`.execute(db)
    if (rows.length > 0) yield `${rows.map(({ line }) => line).join('\n')}\n`
    after = rows.at(-1)?.place
    if (rows.length < PAGE_ROWS) return
  }
}

/** SQL for a row behind the place of another. */
const isBehind = (key: readonly string[], place: string) =>
  sql`(${sql.join(key.map((column) => sql.ref(column)))}) > (${sql.join(
    (JSON.parse(place) as unknown[]).map((value) => sql`${value}`),
  )})`
