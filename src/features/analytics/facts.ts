import { type RawBuilder, sql } from 'kysely'

/** What is counted a day and owner, as the rollup's columns name it; money in billionths of a US dollar. */
export const FIGURES = [
  'started',
  'skippedExact',
  'skippedJoined',
  'skippedSimilar',
  'clientSkipped',
  'completed',
  'failed',
  'canceled',
  'calls',
  'paidCalls',
  'halfPriceCalls',
  'spendNanoUsd',
  'estimatedNanoUsd',
  'halfPriceNanoUsd',
  'savedNanoUsd',
  'durationMs',
] as const
export type Figure = (typeof FIGURES)[number]

/** The owner of the rows that sum up all owners. No token can name it. */
export const EVERYONE = ''

/**
 * SQL for what each event in `source` (rows of `generation_events`) adds: day, owner, figures, and the bucket of its
 * duration. The rules:
 * - `client_event_id` marks a browser's claim. It counts as `clientSkipped` or not at all, and carries no money.
 * - A generation that a worker ended by reuse was skipped, not started and completed: on the day it was asked for.
 * - A deleted image cancels generations that had succeeded; these count as they did.
 */
export const eventFacts = (source: RawBuilder<unknown>) => sql`
  select
    owner_id,
    ((case when is_late_reuse then created_at - duration_ms * interval '1 millisecond' else created_at end)
      at time zone 'UTC')::date as day,
    case when is_new_image then ${durationBucket} end as bucket,
    data->>'tier' is not null as is_half_price,
    ${selectFigures({
      started: sql`(type = 'generation_started')::int - is_late_reuse::int`,
      skippedExact: sql`(reuse_source = 'exact')::int`,
      skippedJoined: sql`(reuse_source = 'joined')::int`,
      skippedSimilar: sql`(reuse_source = 'similar')::int`,
      clientSkipped: sql`(client_event_id is not null)::int`,
      completed: sql`is_new_image::int`,
      failed: sql`(type = 'generation_failed')::int`,
      canceled: sql`(type = 'generation.canceled')::int`,
      savedNanoUsd: sql`case when reuse_source <> '' then coalesce(round((data->>'savedUsd')::numeric * 1000000000), 0) else 0 end`,
      durationMs: sql`case when is_new_image then duration_ms else 0 end`,
    })}
  from (
    select *,
      type = 'generation_completed' and reuse_source <> '' as is_late_reuse,
      type = 'generation_completed' and reuse_source = '' as is_new_image
    from (
      select owner_id, client_event_id, type, data, created_at,
        case when client_event_id is null then coalesce(data->>'source', '') else '' end as reuse_source,
        coalesce(round((data->>'durationMs')::numeric), 0)::bigint as duration_ms
      from ${source} as event
      where case
        when client_event_id is not null then type = 'generation_skipped' and data->>'source' = 'client'
        when type = 'generation.canceled' then data->>'errorCode' in ('canceled', 'superseded')
        else type in ('generation_started', 'generation_skipped', 'generation_completed', 'generation_failed') end
    ) as counted
  ) as seen`

/**
 * SQL for what each call in `source` (rows of `attempts` or `gateway_calls`, with their owner and tiers) adds to what was counted of it before, on the day it was sent:
 * the call, taken for a paid one at what was set aside for it, as soon as it is written down, and at its end what the cost
 * differs by, or that nothing was charged.
 */
export const callFacts = (source: RawBuilder<unknown>) => sql`
  select
    owner_id,
    (call.started_at at time zone 'UTC')::date as day,
    call.model,
    ${selectFigures({
      calls: sql`(is_counted is null)::int`,
      paidCalls: sql`may_have_charged::int - (is_counted is not null)::int`,
      halfPriceCalls: sql`(may_have_charged and ${isHalfPrice})::int - (is_counted is not null and ${wasHalfPrice})::int`,
      spendNanoUsd: sql`call.cost_nano_usd - ${heldBefore}`,
      estimatedNanoUsd: sql`
        case when call.is_estimate then call.cost_nano_usd else 0 end - ${heldBefore}`,
      halfPriceNanoUsd: sql`
        case when ${isHalfPrice} then call.cost_nano_usd else 0 end
        - case when ${wasHalfPrice} then ${heldBefore} else 0 end`,
    })}
  from ${source} as call`

/** SQL that is true of a call that was served at another tier than the standard one, or was asked for so where nobody has said. */
const isHalfPrice = sql`coalesce(call.served_tier, call.tier, 'standard') <> 'standard'`

/** The same of one that is under way, which was counted by what was asked for. */
const wasHalfPrice = sql`coalesce(call.tier, 'standard') <> 'standard'`

/** SQL that is true of an attempt of which the rollup knows too little. As the index `attempts_to_count` has it. */
export const isToCount = sql<boolean>`is_counted is distinct from (outcome is not null)`

/** The same of a row of `gateway_calls`. As the index `gateway_calls_to_count` has it. */
export const isGatewayCallToCount = sql<boolean>`is_counted is distinct from (finished_at is not null)`

/** Each bucket of durations is this much wider than the one before; its middle is at most 2.5 % off. */
const BUCKET_RATIO = 1.05

/** The duration that stands for all in a bucket, in milliseconds. */
export const durationOfBucket = (bucket: number): number =>
  bucket === 0 ? 1 : Math.round(BUCKET_RATIO ** (bucket - 0.5))

const durationBucket = sql`
  ceil(ln(greatest(duration_ms, 1)::float8) / ln(${sql.lit(BUCKET_RATIO)}::float8))::smallint`

/** What of a call's money is in the rollup already, by the time that its end is counted. */
const heldBefore = sql`case when is_counted is null then 0 else call.held_nano_usd end`

const selectFigures = (given: Partial<Record<Figure, RawBuilder<unknown>>>) =>
  sql.join(
    FIGURES.map((figure) => sql`(${given[figure] ?? sql.lit(0)})::bigint as ${sql.ref(figure)}`),
  )
