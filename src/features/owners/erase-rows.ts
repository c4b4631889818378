import { type RawBuilder, sql, type Transaction } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Schema } from '../../../db/schema.ts'
import type { NanoUsdSum } from '../../lib/money.ts'
import { addCounts, type Erasure } from './erasures.ts'

const BATCH_ROWS = 500

/** Rows that nothing else hangs on, by what the receipt calls them. Endpoints go first, so that they are told nothing more. */
const plain: readonly [
  what: string,
  table: string,
  where: (ownerId: string) => RawBuilder<unknown>,
][] = [
  [
    'deliveries',
    'webhook_deliveries',
    (ownerId) => sql`endpoint_id in (select id from webhook_endpoints where owner_id = ${ownerId})`,
  ],
  ['endpoints', 'webhook_endpoints', (ownerId) => sql`owner_id = ${ownerId}`],
  ['deliveries', 'request_webhooks', (ownerId) => sql`owner_id = ${ownerId}`],
  ['items', 'saved_items', (ownerId) => sql`owner_id = ${ownerId}`],
  ['deliveries', 'webhook_deliveries', (ownerId) => sql`owner_id = ${ownerId}`],
  [
    'keys',
    'access_keys',
    // In its namespace, as `findOwnerId` has it. Each process knows within ten seconds that they are gone.
    (ownerId) => sql`coalesce(namespace || '::', '') || owner_id = ${ownerId}`,
  ],
  ['idempotency', 'idempotency_keys', (ownerId) => sql`owner_id = ${ownerId}`],
  ['vectors', 'prompt_embeddings', (ownerId) => sql`owner_id = ${ownerId}`],
  ['comparisons', 'similarity_checks', (ownerId) => sql`owner_id = ${ownerId}`],
  ['comparisons', 'judge_verdicts', (ownerId) => sql`owner_id = ${ownerId}`],
  ['preferences', 'owner_similarity', (ownerId) => sql`owner_id = ${ownerId}`],
]

/** What another transaction holds at the moment is left for the end, where the owner's own row takes it along. */
export const erasePlainRows = async (
  db: Database,
  erasure: Erasure,
  signal: AbortSignal,
): Promise<void> => {
  for (const [what, table, where] of plain) {
    const eraseBatch = () =>
      db.transaction().execute(async (tx) => {
        const { numAffectedRows = 0n } = await sql`
          delete from ${sql.table(table)} where ctid = any(array(
            select ctid from ${sql.table(table)} where ${where(erasure.ownerId)}
            limit ${BATCH_ROWS} for update skip locked))`.execute(tx)
        await addCounts(tx, erasure, { [what]: Number(numAffectedRows) })
        return Number(numAffectedRows)
      })
    await untilFew(eraseBatch, signal)
  }
}

const untilFew = async (eraseBatch: () => Promise<number>, signal: AbortSignal): Promise<void> => {
  do signal.throwIfAborted()
  while ((await eraseBatch()) === BATCH_ROWS)
}

/** True of a row of `attempts` that analytics has not taken in as it is. */
export type IsUncounted = RawBuilder<boolean>

/** A call that is out when its generation is canceled says within this what it cost, or never will. */
const CALL_PATIENCE_SECONDS = 15

/**
 * Erases generations that have ended, with all that hangs on them, once analytics has their calls. What they have in the store is
 * written down for `eraseObjects`.
 */
export const eraseGenerations = (
  db: Database,
  erasure: Erasure,
  isUncounted: IsUncounted,
  signal: AbortSignal,
): Promise<void> =>
  untilFew(
    () => db.transaction().execute((tx) => eraseSomeGenerations(tx, erasure, isUncounted)),
    signal,
  )

const eraseSomeGenerations = async (
  tx: Transaction<Schema>,
  erasure: Erasure,
  isUncounted: IsUncounted,
): Promise<number> => {
  const isSettled = sql`owner_id = ${erasure.ownerId} and status not in ('queued', 'running')
    and not exists (
      select from attempts where attempts.generation_id = generations.id and (${isUncounted}
        or (outcome is null and generations.finished_at > now() - ${sql.lit(CALL_PATIENCE_SECONDS)} * interval '1 second')))`
  const candidates = await select(
    tx,
    sql`select id from generations where ${isSettled} order by id limit ${BATCH_ROWS}`,
  )
  // In the order of those who end a call or commit an image, so that neither waits for the other.
  await sql`select from attempts where generation_id = any(${candidates}::text[]) order by id for update`.execute(
    tx,
  )
  await sql`select from image_metadata where id = any(${candidates}::text[]) order by id for update`.execute(
    tx,
  )
  const ids = await select(
    tx,
    sql`select id from generations
      where id = any(${candidates}::text[]) and ${isSettled} order by id for update`,
  )
  if (ids.length === 0) return 0
  await rememberObjects(tx, erasure, ids)
  const { rows } = await sql<{ calls: number; spentNanoUsd: NanoUsdSum }>`
    select count(*)::int as calls, coalesce(sum(cost_nano_usd), 0) as spent_nano_usd
    from attempts where generation_id = any(${ids}::text[])`.execute(tx)
  const images = await deleteIds(tx, 'image_metadata', ids)
  await deleteIds(tx, 'generations', ids)
  const [{ calls, spentNanoUsd } = { calls: 0, spentNanoUsd: 0 }] = rows
  await addCounts(tx, erasure, { generations: ids.length, images, calls }, spentNanoUsd)
  return ids.length
}

/** Erases images that no generation of the owner has made: uploads. */
export const eraseUploads = (
  db: Database,
  erasure: Erasure,
  signal: AbortSignal,
): Promise<void> => {
  const eraseBatch = () =>
    db.transaction().execute(async (tx) => {
      const ids = await select(
        tx,
        sql`select id from image_metadata
          where user_id = ${erasure.ownerId}
            and not exists (select from generations where generations.id = image_metadata.id)
          order by id limit ${BATCH_ROWS} for update`,
      )
      if (ids.length === 0) return 0
      await rememberObjects(tx, erasure, ids)
      await addCounts(tx, erasure, { images: await deleteIds(tx, 'image_metadata', ids) })
      return ids.length
    })
  return untilFew(eraseBatch, signal)
}

/** For `eraseObjects`, and as deleted: nothing of it is adopted. */
const rememberObjects = async (
  tx: Transaction<Schema>,
  { id }: Erasure,
  ids: readonly string[],
): Promise<void> => {
  await sql`
    insert into erased_objects (erasure_id, object_key, version)
    select ${id}, object_key, max(version) from (
      select object_key, null as version from generations where id = any(${ids}::text[])
      union all
      select object_key, left(content_digest, 12) from image_metadata
      where id = any(${ids}::text[]) and object_key is not null
      union all
      select object_key, null from surplus_objects where generation_id = any(${ids}::text[])
    ) as own group by object_key
    on conflict (erasure_id, object_key) do update set version = coalesce(excluded.version, erased_objects.version)`.execute(
    tx,
  )
  // What somebody puts there late, who had it in hand, upkeep deletes.
  await sql`
    insert into deleted_objects (object_key)
    select object_key from erased_objects where erasure_id = ${id} order by object_key
    on conflict do nothing`.execute(tx)
}

const EVENT_RANGE = 50_000

/**
 * Erases the owner's events that analytics has taken in, beginning after `afterId`; returns up to which id that was. By ranges of
 * ids, since events have no index by owner: a pass reads the table once.
 */
export const eraseEvents = async (
  db: Database,
  erasure: Erasure,
  afterId: number,
  signal: AbortSignal,
): Promise<number> => {
  const { rows } = await sql<{ first: string | null; last: string }>`
    select (select min(id) from generation_events) as first,
      least(analytics_progress.event_id, savings_progress.event_id) as last
    from analytics_progress, savings_progress`.execute(db)
  const lastId = Number(rows[0]?.last ?? 0)
  let doneId = Math.max(afterId, Number(rows[0]?.first ?? lastId + 1) - 1)
  while (doneId < lastId) {
    signal.throwIfAborted()
    const upToId = Math.min(lastId, doneId + EVENT_RANGE)
    await db.transaction().execute(async (tx) => {
      const { numAffectedRows = 0n } = await sql`
        delete from generation_events
        where id > ${doneId} and id <= ${upToId} and owner_id = ${erasure.ownerId}`.execute(tx)
      await addCounts(tx, erasure, { events: Number(numAffectedRows) })
    })
    doneId = upToId
  }
  return doneId
}

const select = async (tx: Transaction<Schema>, query: RawBuilder<unknown>): Promise<string[]> => {
  const { rows } = await (query as RawBuilder<{ id: string }>).execute(tx)
  return rows.map(({ id }) => id)
}

const deleteIds = async (
  tx: Transaction<Schema>,
  table: string,
  ids: readonly string[],
): Promise<number> => {
  const { numAffectedRows = 0n } =
    await sql`delete from ${sql.table(table)} where id = any(${ids}::text[])`.execute(tx)
  return Number(numAffectedRows)
}
