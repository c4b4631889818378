import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Period, Scope } from '../../../db/spending-tables.ts'
import type { Tier } from '../../contract/vocabulary.ts'
import type { AppError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import type { GenerationToInsert, InsertLimits } from './insert-or-requeue.ts'
import { type LimitedModel, limitsOfModels } from './model-limits.ts'
import { countAhead } from './repository.ts'
import { encodeBudgets, limitsOf, scopesOf, spendingStopped } from './spending-limits.ts'
import { selectKeyTier, selectTierLimits, type TierLimit } from './tier-limits.ts'

/** A limit to what is spent, as it stands. */
export type StandingLimit = {
  scope: Scope
  period: Period
  resetsAt: Date
  limitNanoUsd: NanoUsd
  /** With what is set aside. */
  spentNanoUsd: NanoUsd
}

/** How things stand for who asks, as of one moment. */
export type Standing = {
  asOf: Date
  isPaused: boolean
  limits: StandingLimit[]
  /** Of the owner's, queued and running; counted up to the most that may be. */
  inFlight: number
  /** Of a new generation. */
  queuePosition: number
  /** Of everybody's. */
  running: number
  /** Of those who would be called, in order: until when each takes no calls; null where it does. */
  calleeLimits: (Date | null)[]
  /** At which tier the key has such ones made; null where it does not say. */
  keyTier: Tier | null
  /** The tiers that the model is not to be asked for at now. */
  tierLimits: readonly TierLimit[]
}

/** Who asks for what, and who would be called; `model` is undefined where there is none. */
type Asking = Pick<GenerationToInsert, 'ownerId' | 'keyId' | 'lane'> & {
  model: Pick<GenerationToInsert, 'provider' | 'model'> | undefined
  callees: readonly LimitedModel[]
}

/** Reads all that `insertOrRequeue` and a worker's claim go by, and changes nothing. */
export const readStanding = async (
  db: Database,
  { ownerId, keyId, lane, model, callees }: Asking,
  { maxInFlight, budgets }: InsertLimits,
): Promise<Standing> => {
  const scopes = scopesOf(sql`${ownerId}::text`, sql`${keyId}::text`)
  const settings = sql`${budgets ? encodeBudgets(budgets) : '[]'}::text`
  const { rows } = await sql<StandingRow>`
    with own as (
      select count(*)::int as in_flight from (
        select from generations
        where owner_id = ${ownerId} and status in ('queued', 'running') limit ${maxInFlight}::int
      ) as counted)
    select in_flight,
      ${countAhead({ lane: sql`${lane}::text`, upTo: sql`ahead.place <= own.in_flight` })} + 1 as queue_position,
      (select count(*)::int from (select from generations where status = 'running' limit ${MAX_RUNNING}::int) as busy)
        as running,
      ${selectKeyTier} as key_tier, ${selectTierLimits(callees[0]?.account ?? '')} as tier_limits,
      (select paused_at is not null from spending_switch) as is_paused,
      now() as as_of,
      array(select limited_until from ${limitsOfModels(callees)} order by place) as callee_limits,
      (select json_agg(json_build_object('scope', scope, 'period', period, 'resetsAt', resets_at,
          'limitNanoUsd', limit_nano_usd, 'spentNanoUsd', coalesce(nano_usd, 0)) order by scope, period)
        from ${limitsOf(scopes, settings)} as limits left join spending using (scope, period, starts)
        where limit_nano_usd is not null) as limits
    from own cross join (
      select ${lane}::text as lane, ${keyId}::text as key_id, ${model?.provider ?? null}::text as provider, ${model?.model ?? null}::text as model, null::text as upstream_account
    ) as changed`.execute(db)
  const [row] = rows
  if (!row) throw new Error('a count came to no row')
  const limits = (row.limits ?? []).map((limit) => ({
    ...limit,
    resetsAt: new Date(limit.resetsAt),
  }))
  return { ...row, limits, tierLimits: row.tierLimits ?? [] }
}

/** More at once than anybody runs. */
const MAX_RUNNING = 10_000

type StandingRow = Omit<Standing, 'limits' | 'tierLimits'> & {
  limits: (Omit<StandingLimit, 'resetsAt'> & { resetsAt: string })[] | null
  tierLimits: TierLimit[] | null
}

/**
 * Why a call that may cost so much could not be paid for, by the rule of the statements that pay; undefined where it could.
 * `besidesNanoUsd`: what others of the same request would have set aside before it.
 */
export const foreseeStop = (
  { isPaused, limits, asOf }: Standing,
  mayCostNanoUsd: NanoUsd,
  besidesNanoUsd: NanoUsd = 0,
): AppError | undefined => {
  if (mayCostNanoUsd === 0) return undefined
  if (isPaused) return spendingStopped('paused', asOf)
  const [last] = limits
    .filter((limit) => !hasRoom(limit, besidesNanoUsd + mayCostNanoUsd))
    .sort((a, b) => b.resetsAt.getTime() - a.resetsAt.getTime())
  return last && spendingStopped(last, asOf)
}

export const hasRoom = (
  { limitNanoUsd, spentNanoUsd }: StandingLimit,
  addedNanoUsd: NanoUsd,
): boolean => spentNanoUsd + addedNanoUsd <= limitNanoUsd
