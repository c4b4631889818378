import { type RawBuilder, sql } from 'kysely'
import type { RunStep } from './steps.ts'

/** `adopted`: an earlier attempt's bytes were found. `inspected`: the bytes have been decoded and cleaned. */
type TimedStep = RunStep | 'adopted' | 'inspected'

type StepAge = { step: TimedStep; agoMs: number }

export type StepTimes = ReturnType<typeof createStepTimes>

/** When one run of a generation got past each of its steps, kept until a statement takes them along. */
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
 * wrong changes nothing: both ends are told by Postgres's.
 */
export const describeSteps = (ages: readonly StepAge[]): RawBuilder<string> => sql<string>`(
  select jsonb_agg(jsonb_build_object('step', step, 'ms',
    round(extract(epoch from clock_timestamp() - attempts.started_at)::numeric * 1000 - "agoMs"))
    order by "agoMs" desc)
  from jsonb_to_recordset(${JSON.stringify(ages)}::jsonb) as one(step text, "agoMs" numeric))`
