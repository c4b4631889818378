import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { Tier } from '../../contract/vocabulary.ts'
import type { CallReceipt } from '../../lib/call-receipt.ts'
import type { ProviderErrorCode } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { hasStatus } from '../state/has-status.ts'
import {
  type BudgetSettings,
  encodeBudgets,
  limitsOf,
  lockedSums,
  type SpendingStop,
  type StopColumns,
  scopesOf,
  stopOf,
} from '../state/spending-limits.ts'
import type { Claim } from '../state/transitions.ts'
import type { RunStep } from './steps.ts'

/** Paid calls that one asking may cost; fewer once the result of one was lost on the way. */
const MAX_PAID_CALLS = 3
const MAX_PAID_CALLS_AFTER_AMBIGUOUS = 2

/** Calls that one asking may cost when none of them can have been charged. */
export const MAX_ATTEMPTS = 6

/** The rule that `recordIntent` enforces in Postgres, for deciding whether to wait for another try at all. */
export const mayCallAgain = (
  spent: Pick<GenerationRow, 'attempts' | 'paidCalls' | 'ambiguousCalls'>,
): boolean =>
  spent.attempts < MAX_ATTEMPTS &&
  spent.paidCalls < (spent.ambiguousCalls > 0 ? MAX_PAID_CALLS_AFTER_AMBIGUOUS : MAX_PAID_CALLS)

/** `interrupted`: our side ended the call (cancel, lost lease, a stop that could not wait for it). */
export type AttemptOutcome = 'image' | 'interrupted' | ProviderErrorCode

/** Whose call it is, and which of its models. */
type MadeBy = Pick<GenerationRow, 'provider' | 'model'>

export type Intent =
  | { attemptId: string }
  | 'capped'
  /** A person waits for it since: it is not to be sent at a tier that takes its time. */
  | 'wanted_at_once'
  | 'claim_lost'
  | { stop: SpendingStop; asOf: Date }

/**
 * Writes down that a paid call is about to be sent, counts it and sets aside `heldNanoUsd`, what it may cost, while the claim
 * stands, nobody waits for what would take its time at its tier, the cap allows, paying is not stopped and no limit would be passed.
 * Where a key of the caller's own pays, nothing is set aside, and only the claim, who waits and the cap count. All of it before it is sent: a worker that dies
 * leaves one call too many in the books, at what that may have cost, and never one too few (ADR 36). The sums of the call's
 * scopes are locked, in the one order that all keep to, before they are compared (ADR 50). `called`: of a route, who is (ADR 80).
 */
export const recordIntent = async (
  db: Database,
  claim: Claim,
  heldNanoUsd: NanoUsd,
  budgets: BudgetSettings,
  tier: Tier = 'standard',
  called?: MadeBy,
): Promise<Intent> => {
  const [provider, model] = [called?.provider ?? null, called?.model ?? null]
  const { rows } = await sql<IntentRow>`
    with claim as materialized (
      select id, owner_id, key_id, ${tier}::text <> 'standard' and lane <> 'eager' as is_wanted_at_once,
        upstream_account is null as is_ours,
        case when upstream_account is null then ${heldNanoUsd}::bigint else 0 end as held,
        attempts < ${MAX_ATTEMPTS} and paid_calls < case when ambiguous_calls > 0
          then ${MAX_PAID_CALLS_AFTER_AMBIGUOUS}::int else ${MAX_PAID_CALLS}::int end as is_allowed
      from generations
      where id = ${claim.id} and fence = ${claim.fence} and ${hasStatus('running')}
      for no key update
    ), limits as materialized (
      select limits.* from claim
      cross join lateral ${limitsOf(scopesOf(sql`owner_id`, sql`key_id`), sql`${encodeBudgets(budgets)}::text`)} as limits
      where is_allowed and not is_wanted_at_once and held > 0
    ), ${lockedSums}, passed as materialized (
      select limits.* from limits join locked using (scope, period, starts) cross join claim
      where nano_usd + held > limit_nano_usd
      order by resets_at desc limit 1
    ), paused as materialized (
      select from spending_switch cross join claim where held > 0 and paused_at is not null
    ), counted as (
      update generations
      set paid_calls = paid_calls + 1, ambiguous_calls = ambiguous_calls + 1, attempts = attempts + 1, tier = ${tier},
        cost_nano_usd = cost_nano_usd + held,
        called_provider = ${provider}::text, called_model = ${model}::text
      from claim
      where generations.id = claim.id and is_allowed and not is_wanted_at_once
        and not exists (select from passed) and not exists (select from paused)
      returning generations.*, is_ours, held
    ), attempt as (
      insert into attempts (
        generation_id, key_id, fence, worker_id, provider, model, tier, started_at, billed_to, cost_nano_usd, held_nano_usd, is_estimate)
      select id, key_id, fence, coalesce(worker_id, ''), coalesce(${provider}::text, provider), coalesce(${model}::text, model), tier, now(),
        case when is_ours then 'server' else 'caller' end, held, held, true
      from counted
      returning id
    )
    select (select id from attempt) as attempt_id, is_allowed, is_wanted_at_once, exists (select from paused) as is_paused,
      passed.scope, passed.period, passed.resets_at, now() as as_of
    from claim left join passed on true`.execute(db)
  const [row] = rows
  if (!row) return 'claim_lost'
  if (row.attemptId) return { attemptId: row.attemptId }
  if (row.isWantedAtOnce) return 'wanted_at_once'
  const stop = row.isAllowed && stopOf(row)
  return stop ? { stop, asOf: row.asOf } : 'capped'
}

type IntentRow = StopColumns & {
  attemptId: string | null
  isAllowed: boolean
  isWantedAtOnce: boolean
  asOf: Date
}

/** How a call ended, for the books. */
export type Ending = {
  outcome: AttemptOutcome
  mayHaveCharged: boolean
  /** True when its result never arrived, though it may have been charged. */
  isAmbiguous: boolean
  /** Booked as the caller's where a key of theirs pays. */
  costNanoUsd: NanoUsd
  /** True when nobody said what it cost: `costNanoUsd` is what it may have cost. */
  isEstimate: boolean
  /** Of a call that was answered. */
  receipt?: CallReceipt | undefined
  /** True for one that uses up nothing of what the asking may cost: we ended it ourselves, or it was to try a model or a tier out. */
  isSpared?: boolean
  /** True where an earlier call for the same asking may have charged: of a route nobody else is called, whatever came of this one. */
  isBound?: boolean
  /** Of a call that failed; those of an image are written with it. */
  steps?: StepTimes
}

/**
 * Writes down how a call ended, and books what it cost in place of what was set aside. Not fenced: the call is paid for,
 * even if another worker holds the generation now. A call that can't have been charged is taken off the count of paid ones;
 * one whose result arrived is no longer ambiguous. The tier that served is the generation's, where it is said. Neither holds for a call of an earlier asking: the counts are of this one.
 */
export const recordOutcome = async (
  db: Database,
  generationId: string,
  attemptId: string,
  result: Ending,
): Promise<void> => {
  const isFree = !result.mayHaveCharged || result.isSpared
  const isClear = !result.isAmbiguous || result.isSpared
  const steps = result.steps ? describeSteps(result.steps.listAges()) : sql`null`
  // Nobody is bound to a model that has charged nothing; what an earlier claim left behind says nothing of the call of this one.
  const unlessFree = (called: RawBuilder<unknown>) =>
    result.mayHaveCharged || result.isBound
      ? called
      : sql`case when its_fence <> fence then ${called} end`
  await sql`
    with ended as (
      update attempts
      set outcome = ${result.outcome}, may_have_charged = ${result.mayHaveCharged},
        cost_nano_usd = case billed_to when 'server' then ${result.costNanoUsd}::bigint else 0 end,
        caller_cost_nano_usd = case billed_to when 'caller' then ${result.costNanoUsd}::bigint end,
        is_estimate = ${result.isEstimate},
        finished_at = clock_timestamp(), steps = ${steps}, ${describeReceipt(result)}
      where id = ${attemptId} and outcome is null
      returning started_at, fence as its_fence, served_tier, cost_nano_usd - held_nano_usd as owed_nano_usd
    )
    update generations
    set cost_nano_usd = generations.cost_nano_usd + owed_nano_usd,
      tier = case when ${ofThisAsking} = 1 then coalesce(served_tier, tier) else tier end,
      paid_calls = greatest(0, paid_calls - ${isFree ? 1 : 0} * ${ofThisAsking}),
      ambiguous_calls = greatest(0, ambiguous_calls - ${isClear ? 1 : 0} * ${ofThisAsking}),
      attempts = greatest(0, attempts - ${result.isSpared ? 1 : 0} * ${ofThisAsking}),
      called_provider = ${unlessFree(sql`called_provider`)}, called_model = ${unlessFree(sql`called_model`)}
    from ended
    where id = ${generationId}`.execute(db)
}

/** What was said of the call, with how its cost was found unless that is an estimate. */
const describeReceipt = ({ receipt, isEstimate }: Ending) => {
  const { usage, responseId = null, priceVersion = null, basis = null, tier = null } = receipt ?? {}
  return sql`usage = ${usage === undefined ? null : JSON.stringify(usage)}::jsonb, response_id = ${responseId},
        price_version = ${priceVersion}, served_tier = ${tier}, cost_basis = ${isEstimate ? null : basis}`
}

/** SQL for 1, or for 0 where the call of `ended` was sent before the generation was asked for again. */
const ofThisAsking = sql`(ended.started_at >= generations.queued_at)::int`

type Cost = Pick<Ending, 'costNanoUsd' | 'isEstimate' | 'receipt'>

/** The attempt whose worker died after its bytes were safe, if there is one, made an image after all. */
export const recordAdoption = async (
  db: Database,
  generationId: string,
  cost: Cost,
): Promise<void> => {
  const open = await db
    .selectFrom('attempts')
    .select('id')
    .where('generationId', '=', generationId)
    .where('outcome', 'is', null)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  if (open) await recordOutcome(db, generationId, open.id, endWithImage(cost))
}

/** The end of a call that gave an image. */
export const endWithImage = (cost: Cost): Ending => ({
  outcome: 'image',
  mayHaveCharged: true,
  isAmbiguous: false,
  ...cost,
})

/** `adopted`: an earlier attempt's bytes were found. `inspected`: the bytes have been decoded and cleaned. */
type TimedStep = RunStep | 'adopted' | 'inspected'

type StepAge = { step: TimedStep; agoMs: number }

export type StepTimes = ReturnType<typeof createStepTimes>

/** When one run of a generation got past each of its steps, kept until a statement writes them down. */
export const createStepTimes = () => {
  const marks: { step: TimedStep; atMs: number }[] = []
  const mark = (step: TimedStep): void => void marks.push({ step, atMs: performance.now() })
  const listAges = (): StepAge[] => {
    const now = performance.now()
    return marks.map(({ step, atMs }) => ({ step, agoMs: now - atMs }))
  }
  return { mark, listAges }
}

/**
 * SQL for `attempts.steps` in an update of `attempts`. Ages and not times are sent, so that a worker's clock that is
 * wrong changes nothing: Postgres's clock sets both ends.
 */
export const describeSteps = (ages: readonly StepAge[]): RawBuilder<string> => sql<string>`(
  select jsonb_agg(jsonb_build_object('step', step, 'ms',
    round(extract(epoch from clock_timestamp() - attempts.started_at)::numeric * 1000 - "agoMs"))
    order by "agoMs" desc)
  from jsonb_to_recordset(${JSON.stringify(ages)}::jsonb) as one(step text, "agoMs" numeric))`
