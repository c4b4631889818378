import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { GenerationRow, NewGeneration } from '../../db/schema.ts'
import type { GenerationEventType } from '../contract/generation.ts'
import { GENERATION_CHANNEL } from './channel.ts'
import type { GenerationWithImage } from './repository.ts'

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

/** An owner's place in line is counted no further than this. */
const MAX_PLACE = 1_000

/**
 * Puts a generation in the queue as a row, in one statement: new, or failed or canceled before and asked for
 * again (it then keeps its history and its cap of paid calls starts anew). Returns undefined when a plain request
 * found that another one answers already (succeeded or in flight): read again and join that one.
 * The owner's row is made on first sight.
 */
export const insertOrRequeue = async (
  db: Database,
  row: GenerationToInsert,
): Promise<GenerationWithImage | undefined> => {
  const { rows } = await sql<GenerationRow>`
    with answering as (
      select 1 from generations
      where fingerprint = ${row.fingerprint} and status in ('succeeded', 'queued', 'running')
        and ${row.revision}::text is null
      limit 1
    ), owner as (
      insert into users (id)
      select ${row.ownerId}
      where not exists (select from answering) and not exists (select from users where id = ${row.ownerId})
      on conflict do nothing
    ), moved as (
      insert into generations (
        id, owner_id, fingerprint, revision, status, lane, prompt, transformation, condition_image_id,
        condition_image_digest, provider, model, aspect_ratio, image_size, variant, object_key, enqueued_at,
        event_sequence, place)
      select
        ${row.id}, ${row.ownerId}, ${row.fingerprint}, ${row.revision}, 'queued', ${row.lane}, ${row.prompt},
        ${row.transformation}, ${row.conditionImageId}, ${row.conditionImageDigest}, ${row.provider},
        ${row.model}, ${row.aspectRatio}, ${row.imageSize}, ${row.variant}, ${row.objectKey}, now(), 1,
        (select count(*) from (
          select 1 from generations
          where owner_id = ${row.ownerId} and status in ('queued', 'running') limit ${MAX_PLACE}
        ) as in_line)
      where not exists (select from answering)
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
      select owner_id, id, event_sequence, ${'generation.queued' satisfies GenerationEventType} from moved
    )
    select *, case when event_sequence > 1 then pg_notify(${GENERATION_CHANNEL}, id) end as nudged
    from moved`.execute(db)
  return rows[0] && { ...rows[0], ...noImage }
}

const noImage = {
  imageObjectKey: null,
  imageContentDigest: null,
  imageCostUsd: null,
  thumbhash: null,
  width: null,
  height: null,
}
