import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { Tier } from '../../contract/vocabulary.ts'

/** A tier that a model is not to be asked for at now, as a claim reads it. */
export type TierLimit = { tier: Tier; reason: 'refused' | 'shed'; leftMs: number }

type LimitedTier = Pick<GenerationRow, 'provider' | 'model'> & { account: string; tier: Tier }

/** What does not take a tier may do so another day. */
const REFUSED_MS = 86_400_000

/** A model that has no room is asked again after so long; after twice as long each time that it has none then. */
const MIN_SHED_MS = 30_000
const MAX_SHED_MS = 600_000

/** Writes down, for the workers of all machines, that a model does not take a tier: for a day it is not asked again. */
export const refuseTier = async (
  db: Database,
  { provider, account, model, tier }: LimitedTier,
): Promise<void> => {
  await sql`
    insert into tier_limits (provider, account, model, tier, reason, limited_until)
    values (${provider}, ${account}, ${model}, ${tier}, 'refused', ${fromNow(REFUSED_MS)})
    on conflict (provider, account, model, tier) do update set
      reason = 'refused', limited_at = now(), limited_until = excluded.limited_until`.execute(db)
}

/**
 * Writes down that a model has no room at a tier, for `atLeastMs` at least, and says for how long nobody asks it, in milliseconds.
 * Those that were out together count once. A refusal that holds stays.
 */
export const shedTier = async (
  db: Database,
  { provider, account, model, tier }: LimitedTier,
  atLeastMs: number,
): Promise<number> => {
  const { rows } = await sql<{ leftMs: number }>`
    insert into tier_limits as known (provider, account, model, tier, reason, limited_until)
    values (${provider}, ${account}, ${model}, ${tier}, 'shed', ${fromNow(Math.max(MIN_SHED_MS, atLeastMs))})
    on conflict (provider, account, model, tier) do update set
      reason = case when known.limited_until > now() then known.reason else 'shed' end,
      limited_at = case when known.limited_until > now() then known.limited_at else now() end,
      limited_until = case
        when known.limited_until > now() then greatest(known.limited_until, ${fromNow(atLeastMs)})
        when known.reason = 'shed' and known.limited_until > ${fromNow(-MAX_SHED_MS)}
          then greatest(now() + least(2 * (known.limited_until - known.limited_at), ${MAX_SHED_MS}::int * interval '1 millisecond'),
            excluded.limited_until)
        else excluded.limited_until end
    returning (extract(epoch from limited_until - now()) * 1000)::float8 as left_ms`.execute(db)
  return Math.max(0, rows[0]?.leftMs ?? 0)
}

const fromNow = (ms: number) => sql`now() + ${ms}::float8 * interval '1 millisecond'`

/** SQL for the tiers (`TierLimit[]`) that the model of `changed`, a claimed row, is not to be asked for at; null where there are none. */
export const selectTierLimits = (account: string | RawBuilder<string | null>) => sql<
  TierLimit[] | null
>`(
  select json_agg(json_build_object('tier', tier, 'reason', reason,
    'leftMs', (extract(epoch from limited_until - now()) * 1000)::float8))
  from tier_limits as one
  where changed.lane = 'eager' and one.provider = changed.provider and one.account = coalesce(changed.upstream_account, ${account})
    and one.model = changed.model and limited_until > now())`

/** SQL for the tier at which the key of `changed` has eager generations made; null where it does not say. */
export const selectKeyTier = sql<Tier | null>`(
  select eager_tier from access_keys where changed.lane = 'eager' and access_keys.id = changed.key_id)`

/** SQL for the tier at which the request of `changed` was rejected since it was asked for; null where at none. */
export const selectDoubtedTier = sql<Tier | null>`(
  select tier from attempts
  where changed.lane = 'eager' and generation_id = changed.id and started_at >= changed.queued_at
    and tier <> 'standard' and outcome in ('invalid_request', 'unauthorized', 'model_gone')
  order by attempts.id desc limit 1)`
