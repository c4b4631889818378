import { sql } from 'kysely'
import { compileOnce } from '../../db/compile-once.ts'
import type { Database } from '../../db/database.ts'
import type { GenerationRow, NewGeneration } from '../../db/schema.ts'
import type { GenerationEventType } from '../contract/generation.ts'
import { GENERATION_CHANNEL } from './channel.ts'
import { countAhead, type GenerationWithImage, generationColumns } from './repository.ts'

export type GenerationToInsert = Pick<
  NewGeneration,
  | 'id'
  | 'ownerId'
  | 'fingerprint'
  | 'revision'
  | 'lane'
  | 'prompt'
  | 'transformation'
  | 'conditionImageId'
  | 'conditionImageDigest'
  | 'provider'
  | 'model'
  | 'aspectRatio'
  | 'imageSize'
  | 'variant'
  | 'objectKey'
>

export type Inserted = {
  generation: GenerationWithImage
  /** How many generations the workers will take before it, plus one. */
  queuePosition: number
}

/**
 * Puts generations in the queue as rows, all in one statement: new ones, and ones that failed or were canceled
 * and are asked for again (these keep their history, and their cap of paid calls starts anew). Answers each in its
 * place, undefined for a plain request that another row answers already (succeeded or in flight, in the database
 * or earlier among `rows`): read again and join that one. Owners' rows are made on first sight.
 */
export const insertOrRequeue = async (
  db: Database,
  rows: GenerationToInsert[],
): Promise<(Inserted | undefined)[]> => {
  const first = new Map<string, GenerationToInsert>()
  for (const row of rows) if (!first.has(row.id)) first.set(row.id, row)
  const inserted = await insertRows(db, JSON.stringify([...first.values()]))
  const byId = new Map(inserted.map((row) => [row.id, row]))
  return rows.map((row) => {
    const found = first.get(row.id) === row ? byId.get(row.id) : undefined
    if (!found) return undefined
    const { queuePosition, nudged: _, ...generation } = found
    return { generation: { ...generation, ...noImage }, queuePosition }
  })
}

/** An owner's place in line is counted no further than this. */
const MAX_PLACE = 100

/*
 * Rows go in by id, so that two statements with the same ones can't wait for each other. Counting an owner's
 * generations in flight is done once an owner, since it is what costs most (docs/performance.md).
 */
type InsertedRow = GenerationRow & { queuePosition: number; nudged: unknown }

const insertRows = compileOnce<InsertedRow, string>((db, rows) =>
  sql<InsertedRow>`
  with wanted as (
    select * from json_to_recordset(${rows}::json) as one(
      id text, "ownerId" text, fingerprint text, revision text, lane text, prompt text, transformation text,
      "conditionImageId" text, "conditionImageDigest" text, provider text, model text, "aspectRatio" text,
      "imageSize" text, variant text, "objectKey" text)
  ), fresh as (
    select * from wanted
    where revision is not null or (
      select true from generations as g
      where g.fingerprint = wanted.fingerprint and g.status in ('succeeded', 'queued', 'running') limit 1) is null
  ), owners as (
    select "ownerId" as id, (
      select count(*) from (
        select from generations
        where owner_id = "ownerId" and status in ('queued', 'running') limit ${sql.lit(MAX_PLACE)}
      ) as in_flight) as in_flight
    from fresh group by "ownerId"
  ), new_owners as (
    insert into users (id)
    select id from owners where not exists (select from users where users.id = owners.id) order by id
    on conflict do nothing
  ), placed as (
    select fresh.*, in_flight + row_number() over (partition by "ownerId") - 1 as place
    from fresh join owners on owners.id = fresh."ownerId"
  ), moved as (
    insert into generations (
      id, owner_id, fingerprint, revision, status, lane, prompt, transformation, condition_image_id,
      condition_image_digest, provider, model, aspect_ratio, image_size, variant, object_key, enqueued_at,
      event_sequence, place)
    select id, "ownerId", fingerprint, revision, 'queued', lane, prompt, transformation, "conditionImageId",
      "conditionImageDigest", provider, model, "aspectRatio", "imageSize", variant, "objectKey", now(), 1, place
    from placed order by id
    on conflict (id) do update set
      status = 'queued', lane = excluded.lane, place = excluded.place,
      condition_image_id = excluded.condition_image_id,
      object_key = case when generations.error_code = 'image_deleted'
        then excluded.object_key else generations.object_key end,
      image_id = null, reuse_source = null, paid_calls = 0, ambiguous_calls = 0, attempts = 0, claims = 0,
      error_code = null, error_message = null, error_retryable = null, run_after = null,
      queued_at = now(), enqueued_at = now(), started_at = null, finished_at = null,
      event_sequence = generations.event_sequence + 1
    where generations.status in ('failed', 'canceled')
    returning *
  ), event as (
    insert into generation_events (owner_id, generation_id, sequence, type)
    select owner_id, id, event_sequence, ${sql.lit('generation.queued' satisfies GenerationEventType)} from moved
  )
  select ${columnsOfMoved},
    ${countAhead({ lane: sql`moved.lane`, upTo: sql`ahead.place <= moved.place` })} + 1 as queue_position,
    case when event_sequence > 1 then pg_notify(${sql.lit(GENERATION_CHANNEL)}, id) end as nudged
  from moved`.compile(db),
)

const columnsOfMoved = sql.join(generationColumns.map((column) => sql.ref(`moved.${column}`)))

const noImage = {
  imageObjectKey: null,
  imageContentDigest: null,
  imageCostUsd: null,
  thumbhash: null,
  width: null,
  height: null,
}
