import type { Database } from '../../../db/database.ts'
import type { LaneStatus, WorkerStatus } from '../../contract/server-status.ts'
import type { AlertName, Lane } from '../../contract/vocabulary.ts'
import { measureQueryTimes } from './fleet-query-times.ts'
import type { Measurement } from './next-state.ts'
import type { AlertRule } from './rules.ts'

/** A process writes down its times at least this often, however long the interval is. */
const MIN_HEARD_MS = 15_000

/** What is measured elsewhere, as of now. */
export type MeasureSources = {
  /** What was asked for, made and reused in the last so many milliseconds. */
  readWindow: (windowMs: number) => Promise<WindowFigures>
  /** With how many limits are nearly reached besides everyone's, of how many. */
  readSpend: () => Promise<SpendFigures>
  findWorkers: () => Promise<WorkerStatus[]>
  measureQueue: () => Promise<LaneStatus[]>
  /** Calls of the last so many milliseconds that cost something, and those whose price is a guess. */
  countGuessed: (windowMs: number) => Promise<{ guessed: number; calls: number }>
  /** Batches that do not get on. */
  countStuckBatches: () => Promise<number>
}

type SpendFigures = {
  todayUsd: number
  monthUsd: number
  lowBudgets: number
  budgets: number
  isPaused: boolean
}

type WindowFigures = {
  total: number
  completed: number
  failed: number
  successRate: number | null
  reuseRate: number | null
  p95Ms: number | null
}

type MeasureDeps = {
  db: Database
  rules: readonly AlertRule[]
  intervalMs: number
  sources: MeasureSources
}

/** What each rule that is on asks about, as of now. What several ask for is read once. */
export const measure = async ({
  db,
  rules,
  intervalMs,
  sources: from,
}: MeasureDeps): Promise<Map<AlertName, Measurement>> => {
  const sources = createSources(db, from, intervalMs)
  const found = rules
    .filter(({ threshold }) => threshold !== null)
    .map(async (rule) => [rule.name, await measurements[rule.name](sources, rule)] as const)
  return new Map(await Promise.all(found))
}

type Sources = ReturnType<typeof createSources>

const createSources = (db: Database, from: MeasureSources, intervalMs: number) => {
  const windows = new Map<number, Promise<WindowFigures>>()
  const findWindow = ({ windowMs }: AlertRule) => {
    const key = windowMs ?? 0
    const window = windows.get(key) ?? from.readWindow(key)
    windows.set(key, window)
    return window
  }
  return {
    findWindow,
    findAliveWorkers: once(async () => (await from.findWorkers()).filter(({ isAlive }) => isAlive)),
    findLanes: once(from.measureQueue),
    findSpend: once(from.readSpend),
    countGuessed: from.countGuessed,
    countStuckBatches: from.countStuckBatches,
    measureQueryTimes: ({ minSample }: AlertRule) =>
      measureQueryTimes(db, { minSample, heardWithinMs: Math.max(intervalMs, MIN_HEARD_MS) }),
  }
}

const measurements: Record<AlertName, (sources: Sources, rule: AlertRule) => Promise<Measurement>> =
  {
    no_worker: async ({ findAliveWorkers }) => {
      const { length } = await findAliveWorkers()
      return { value: length, sample: length }
    },
    provider_down: async ({ findAliveWorkers }) => {
      const workers = await findAliveWorkers()
      const open = workers.filter(({ breaker }) => breaker === 'open')
      return { value: open.length, sample: workers.length }
    },
    generations_failing: async ({ findWindow }, rule) => {
      const { successRate, completed, failed } = await findWindow(rule)
      return { value: successRate, sample: completed + failed }
    },
    generations_slow: async ({ findWindow }, rule) => {
      const { p95Ms, completed } = await findWindow(rule)
      return { value: p95Ms, sample: completed }
    },
    queue_old: (sources) => measureLane(sources, 'interactive'),
    eager_queue_old: (sources) => measureLane(sources, 'eager'),
    database_slow: ({ measureQueryTimes }, rule) => measureQueryTimes(rule),
    reuse_low: async ({ findWindow }, rule) => {
      const { reuseRate, total } = await findWindow(rule)
      return { value: reuseRate, sample: total }
    },
    daily_spend_high: async ({ findSpend }) => ({ value: (await findSpend()).todayUsd, sample: 0 }),
    monthly_spend_high: async ({ findSpend }) => ({
      value: (await findSpend()).monthUsd,
      sample: 0,
    }),
    budgets_low: async ({ findSpend }) => {
      const { lowBudgets, budgets } = await findSpend()
      return { value: lowBudgets, sample: budgets }
    },
    batches_stuck: async ({ countStuckBatches }) => ({
      value: await countStuckBatches(),
      sample: 0,
    }),
    prices_guessed: async ({ countGuessed }, { windowMs }) => {
      const { guessed, calls } = await countGuessed(windowMs ?? 0)
      return { value: guessed, sample: calls }
    },
    paying_paused: async ({ findSpend }) => ({
      value: Number((await findSpend()).isPaused),
      sample: 0,
    }),
  }

const measureLane = async ({ findLanes }: Sources, wanted: Lane): Promise<Measurement> => {
  const lane = (await findLanes()).find((each) => each.lane === wanted)
  return { value: lane?.oldestQueuedMs ?? 0, sample: lane?.queued ?? 0 }
}

const once = <T>(read: () => Promise<T>): (() => Promise<T>) => {
  let reading: Promise<T> | undefined
  return () => {
    reading ??= read()
    return reading
  }
}
