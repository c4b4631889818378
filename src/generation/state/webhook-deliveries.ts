import { type RawBuilder, sql } from 'kysely'
import type { GenerationEventType } from '../../contract/generation.ts'
import { inUsd } from './in-usd.ts'

const ENDS: readonly GenerationEventType[] = [
  'generation.succeeded',
  'generation.failed',
  'generation.canceled',
]

/** SQL for the endpoints of the source whose hook saved an item that shows the generation, once for each item. */
export const sourcesEndpoints = sql`
  select sources.id, events, item.owner_id, item.id as item_id
  from saved_items as item join webhook_endpoints as sources on sources.source = item.source and is_enabled
  where item.generation_id = changed.id and item.owner_id = changed.owner_id`

const ownersAndSourcesEndpoints = sql`
  select id, events, null as owner_id, null as item_id from webhook_endpoints
  where webhook_endpoints.owner_id = changed.owner_id and is_enabled
  union all ${sourcesEndpoints}`

/**
 * SQL that inserts the deliveries of the ends in `changed`, rows of `generations` after their change: to the
 * owner's endpoints and to those of sources. However often this runs, an end is delivered once.
 */
export const insertDeliveries = (
  type: RawBuilder<unknown>,
  endpoints: RawBuilder<unknown> = ownersAndSourcesEndpoints,
) => sql<{ id: string }>`(
  insert into webhook_deliveries (
    endpoint_id, type, generation_id, event_sequence, owner_id, item_id, snapshot)
  select endpoint.id, ${type}, changed.id, changed.event_sequence, endpoint.owner_id, endpoint.item_id,
    to_jsonb(changed) || coalesce((
      select jsonb_build_object(
        'image_object_key', image.object_key, 'image_content_digest', image.content_digest,
        'image_cost_nano_usd', maker.cost_nano_usd, 'image_cost_usd', ${inUsd(sql`maker.cost_nano_usd`)},
        'thumbhash', image.thumbhash,
        'image_prompt', case when changed.reuse_source = 'similar' then maker.prompt end,
        'width', image.width, 'height', image.height)
      from image_metadata as image left join generations as maker on maker.id = image.id
      where image.id = changed.image_id), '{}')
  from changed
  cross join lateral (${endpoints}) as endpoint
  where ${type} = any(endpoint.events)
  on conflict do nothing
  returning id)`

/** `insertDeliveries` for each event that ends a generation. */
export const deliveriesByEnd = new Map(ENDS.map((type) => [type, insertDeliveries(sql.lit(type))]))

/** SQL for whether `delivery` has inserted anything, for which the workers are to be woken. */
export const hasDeliveries = sql<boolean>`exists (select from delivery)`
