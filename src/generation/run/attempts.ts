import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import type { ProviderErrorCode } from '../../lib/errors.ts'
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

/** `interrupted`: our side ended the call (cancel, lost lease, shutdown). */
export type AttemptOutcome = 'image' | 'interrupted' | ProviderErrorCode

export type Intent = { attemptId: string } | 'capped' | 'claim_lost'

/**
 * Writes down that a paid call is about to be sent, and counts it, while the claim stands and the cap allows.
 * It is counted before it is sent: a worker that dies in between leaves one call too many in the books, never
 * one too few.
 */
export const recordIntent = async (db: Database, claim: Claim): Promise<Intent> => {
  const { rows } = await sql<{ attemptId: string | null }>`
    with counted as (
      update generations
      set paid_calls = paid_calls + 1, ambiguous_calls = ambiguous_calls + 1, attempts = attempts + 1
      where id = ${claim.id} and fence = ${claim.fence} and status = 'running'
        and attempts < ${MAX_ATTEMPTS}
        and paid_calls < case when ambiguous_calls > 0
          then ${MAX_PAID_CALLS_AFTER_AMBIGUOUS}::int else ${MAX_PAID_CALLS}::int end
      returning *
    ), attempt as (
      insert into attempts (generation_id, fence, worker_id, provider, model)
      select id, fence, coalesce(worker_id, ''), provider, model from counted
      returning id
    )
    select (select id from attempt) as attempt_id
    from generations
    where id = ${claim.id} and fence = ${claim.fence} and status = 'running'`.execute(db)
  const [row] = rows
  if (!row) return 'claim_lost'
  return row.attemptId ? { attemptId: row.attemptId } : 'capped'
}

/**
 * Writes down how a call ended. Not fenced: the call is paid for, even if another worker holds the generation now.
 * A call that can't have been charged is taken off the count of paid ones; one whose result arrived is no longer
 * ambiguous. Neither holds for a call of an earlier asking: the counts are of this one.
 */
export const recordOutcome = async (
  db: Database,
  generationId: string,
  attemptId: string,
  result: {
    outcome: AttemptOutcome
    mayHaveCharged: boolean
    isAmbiguous: boolean
    costUsd: number
    /** Of a call that failed; those of an image are written with it. */
    steps?: StepTimes
  },
): Promise<void> => {
  const steps = result.steps ? describeSteps(result.steps.listAges()) : sql`null`
  await sql`
    with ended as (
      update attempts
      set outcome = ${result.outcome}, may_have_charged = ${result.mayHaveCharged},
        cost_usd = ${result.costUsd}, finished_at = clock_timestamp(), steps = ${steps}
      where id = ${attemptId} and outcome is null
      returning started_at
    )
    update generations
    set cost_usd = cost_usd + ${result.costUsd},
      paid_calls = greatest(0, paid_calls - ${result.mayHaveCharged ? 0 : 1} * ${ofThisAsking}),
      ambiguous_calls = greatest(0, ambiguous_calls - ${result.isAmbiguous ? 0 : 1} * ${ofThisAsking})
    from ended
    where id = ${generationId}`.execute(db)
}

/** SQL for 1, or for 0 where the call of `ended` was sent before the generation was asked for again. */
const ofThisAsking = sql`(ended.started_at >= generations.queued_at)::int`

/** The attempt whose worker died after its bytes were safe, if there is one, made an image after all. */
export const recordAdoption = async (
  db: Database,
  generationId: string,
  costUsd: number,
): Promise<void> => {
  const open = await db
    .selectFrom('attempts')
    .select('id')
    .where('generationId', '=', generationId)
    .where('outcome', 'is', null)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  const outcome = { outcome: 'image' as const, mayHaveCharged: true, isAmbiguous: false, costUsd }
  if (open) await recordOutcome(db, generationId, open.id, outcome)
}

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
