import { type RawBuilder, sql } from 'kysely'
import { REFUSED_EVENT } from '../../contract/telemetry.ts'

/** What a row of `daily_savings` counts; of `flex` and `batch` the money is what the calls cost. */
export type SavingKind = 'exact' | 'joined' | 'similar' | 'client' | 'refused' | 'flex' | 'batch'

/**
 * SQL for what each event in `source` (rows of `generation_events`) adds to the savings: owner, day, model, kind, money. Reuse is counted
 * as `eventFacts` does. What failed at a limit in the queue has no amount: nobody wrote down what it would have cost.
 */
export const eventSavings = (source: RawBuilder<unknown>) => sql`
  select event.owner_id,
    ((case when type = 'generation_completed'
      then event.created_at - coalesce(round((data->>'durationMs')::numeric), 0)::bigint * interval '1 millisecond'
      else event.created_at end) at time zone 'UTC')::date as day,
    coalesce(data->>'model', generations.model, '') as model,
    case
      when client_event_id is not null then 'client'
      when type in (${sql.lit(REFUSED_EVENT)}, 'generation_failed') then 'refused'
      else data->>'source' end as kind,
    case when client_event_id is null
      then coalesce(round((data->>'savedUsd')::numeric * 1000000000), 0) else 0 end::bigint as nano_usd
  from ${source} as event
  left join generations on generations.id = event.generation_id
  where case
    when client_event_id is not null then type = 'generation_skipped' and data->>'source' = 'client'
    when type = 'generation_failed' then data->>'errorCode' in ('budget_exceeded', 'spending_paused')
    when type in ('generation_skipped', 'generation_completed')
      then data->>'source' in ('exact', 'joined', 'similar')
    else type = ${sql.lit(REFUSED_EVENT)} end`

/** SQL for the tier that served an attempt; calls of a release that knew of none had the standard one. */
export const tierOf = (attempt: RawBuilder<unknown>) =>
  sql`coalesce(${attempt}.served_tier, ${attempt}.tier, 'standard')`

/** SQL that is true of an attempt that has ended at a cost which is known and stays. */
export const isMeasured = (attempt: RawBuilder<unknown>) =>
  sql`${attempt}.outcome is not null and not ${attempt}.is_estimate and ${attempt}.cost_basis is distinct from 'billed'`

/**
 * SQL for the calls in `source` (with their owner, `call_tier` and `is_measured`) that ran at another tier than the standard one. What
 * was measured is never changed, so each is counted once.
 */
export const tierSavings = (source: RawBuilder<unknown>) => sql`
  select owner_id, (started_at at time zone 'UTC')::date as day, model, call_tier as kind, cost_nano_usd as nano_usd
  from ${source} as call
  where call_tier in ('flex', 'batch') and is_measured and cost_nano_usd > 0`
