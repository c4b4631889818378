import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import { compileOnce } from '../../../db/statements.ts'
import type { GenerationEventType } from '../../contract/generation.ts'
import type { TelemetryType } from '../../contract/telemetry.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import { GENERATION_CHANNEL } from './channel.ts'
import {
  countAhead,
  type GenerationWithImage,
  generationColumns,
  isAnswering,
  noImage,
} from './repository.ts'
import { startedData } from './telemetry.ts'

export type GenerationToInsert = Pick<
  GenerationRow,
  | 'id'
  | 'ownerId'
  | 'fingerprint'
  | 'revision'
  | 'lane'
  | 'prompt'
  | 'isPromptAsWritten'
  | 'transformation'
  | 'conditionImageId'
  | 'conditionImageDigest'
  | 'provider'
  | 'model'
  | 'aspectRatio'
  | 'imageSize'
  | 'variant'
  | 'objectKey'
  | 'similarityMode'
> & {
  /** True for a plain request, which is content with what answers its fingerprint already. */
  joinsOthers: boolean
}

export type Inserted = {
  generation: GenerationWithImage
  /** How many generations the workers will take before it, plus one. */
  queuePosition: number
}

export type InsertLimits = {
  /** How long a refusal answers for its request. */
  refusalTtlMs: number
  /** The most generations that an owner may have queued and running at once. */
  maxInFlight: number
  /** How long after it was asked for a generation of each lane ends at the latest. */
  giveUpMs: Record<Lane, number>
}

/**
 * Puts generations in the queue as rows, all in one statement: new ones, and ones that failed or were canceled
 * and are asked for again (these keep their history, and their cap of paid calls starts anew). Answers each in its
 * place, undefined for one that another row answers already (in the database or earlier among `rows`: read again and
 * join that one) or whose owner has too many in flight. An owner's row is made with the first generation.
 */
export const insertOrRequeue = async (
  db: Database,
  rows: GenerationToInsert[],
  { refusalTtlMs, maxInFlight, giveUpMs }: InsertLimits,
): Promise<(Inserted | undefined)[]> => {
  const first = new Map<string, GenerationToInsert>()
  for (const row of rows) if (!first.has(row.id)) first.set(row.id, row)
  const json = JSON.stringify([...first.values()])
  const { interactive, eager } = giveUpMs
  const inserted = await insertRows(db, json, refusalTtlMs, maxInFlight, interactive, eager)
  const byId = new Map(inserted.map((row) => [row.id, row]))
  return rows.map((row) => {
    const found = first.get(row.id) === row ? byId.get(row.id) : undefined
    if (!found) return undefined
    const { queuePosition, nudged: _, ...generation } = found
    return { generation: { ...generation, ...noImage }, queuePosition }
  })
}

/** True when the owner may have no more generations in flight. */
export const isOwnerFull = async (
  db: Database,
  ownerId: string,
  maxInFlight: number,
): Promise<boolean> => {
  const last = await db
    .selectFrom('generations')
    .select('id')
    .where('ownerId', '=', ownerId)
    .where('status', 'in', ['queued', 'running'])
    .offset(maxInFlight - 1)
    .limit(1)
    .executeTakeFirst()
  return last !== undefined
}

type InsertedRow = GenerationRow & { asOf: Date; queuePosition: number; nudged: unknown }

/*
 * Rows go in by id, so that two statements with the same ones can't wait for each other. Counting an owner's
 * generations in flight is done once an owner, since it is what costs most (docs/performance.md).
 */
const insertRows = compileOnce<InsertedRow, [string, number, number, number, number]>(
  5,
  (db, rows, refusalTtlMs, maxInFlight, interactiveMs, eagerMs) =>
    sql<InsertedRow>`
  with wanted as (
    select * from json_to_recordset(${rows}::json) as one(
      id text, "ownerId" text, fingerprint text, revision text, lane text, prompt text, transformation text,
      "conditionImageId" text, "conditionImageDigest" text, provider text, model text, "aspectRatio" text,
      "imageSize" text, variant text, "objectKey" text, "similarityMode" text, "joinsOthers" boolean,
      "isPromptAsWritten" boolean)
  ), fresh as (
    select * from wanted
    where not "joinsOthers" or (
      select true from generations
      where generations.fingerprint = wanted.fingerprint and ${isAnswering(refusalTtlMs)} limit 1) is null
  ), owners as (
    select "ownerId" as id, (
      select count(*) from (
        select from generations
        where owner_id = "ownerId" and status in ('queued', 'running') limit ${maxInFlight}::int
      ) as in_flight) as in_flight
    from fresh group by "ownerId"
  ), new_owners as (
    insert into users (id)
    select id from owners where not exists (select from users where users.id = owners.id) order by id
    on conflict do nothing
  ), placed as (
    select fresh.*, in_flight + row_number() over (partition by "ownerId") - 1 as place
    from fresh join owners on owners.id = fresh."ownerId"
  ), changed as (
    insert into generations (
      id, owner_id, fingerprint, revision, status, lane, prompt, transformation, condition_image_id,
      condition_image_digest, provider, model, aspect_ratio, image_size, variant, object_key, similarity_mode,
      enqueued_at, event_sequence, place, is_prompt_as_written, deadline_at)
    select id, "ownerId", fingerprint, revision, 'queued', lane, prompt, transformation, "conditionImageId",
      "conditionImageDigest", provider, model, "aspectRatio", "imageSize", variant, "objectKey", "similarityMode", now(), 1, place,
      coalesce("isPromptAsWritten", false),
      now() + case lane when 'eager' then ${eagerMs}::int else ${interactiveMs}::int end * interval '1 millisecond'
    from placed where place < ${maxInFlight}::int order by id
    on conflict (id) do update set
      status = 'queued', lane = excluded.lane, place = excluded.place,
      prompt = excluded.prompt, is_prompt_as_written = excluded.is_prompt_as_written, is_prompt_reduced = false,
      condition_image_id = excluded.condition_image_id,
      object_key = case when generations.error_code = 'image_deleted'
        then excluded.object_key else generations.object_key end,
      similarity_mode = excluded.similarity_mode, similarity = null, suggestions = null,
      image_id = null, reuse_source = null, paid_calls = 0, ambiguous_calls = 0, attempts = 0, claims = 0,
      lost_claims = 0,
      error_code = null, error_message = null, error_retryable = null, run_after = null,
      queued_at = now(), enqueued_at = now(), started_at = null, finished_at = null, deadline_at = excluded.deadline_at,
      promoted_at = null,
      event_sequence = generations.event_sequence + 1
    where generations.status in ('failed', 'canceled')
    returning *
  ), event as (
    insert into generation_events (owner_id, generation_id, sequence, type, data)
    select owner_id, id, event_sequence, ${sql.lit('generation.queued' satisfies GenerationEventType)}, '{}' from changed
    union all
    select owner_id, id, null, ${sql.lit('generation_started' satisfies TelemetryType)}, ${startedData} from changed
  )
  select ${columnsOfChanged}, now() as as_of,
    ${countAhead({ lane: sql`changed.lane`, upTo: sql`ahead.place <= changed.place` })} + 1 as queue_position,
    case when event_sequence > 1 then pg_notify(${sql.lit(GENERATION_CHANNEL)}, id) end as nudged
  from changed`.compile(db),
)

const columnsOfChanged = sql.join(generationColumns.map((column) => sql.ref(`changed.${column}`)))
