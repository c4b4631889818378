import type { Database } from '../../../db/database.ts'
import type { AlertName, Lane } from '../../contract/vocabulary.ts'
import { readSpend } from '../analytics/spend.ts'
import { readWindow } from '../analytics/window.ts'
import { findWorkers } from '../operators/workers/find-workers.ts'
import { measureQueue } from '../operators/workers/measure-queue.ts'
import { measureQueryTimes } from './fleet-query-times.ts'
import type { Measurement } from './next-state.ts'
import type { AlertRule } from './rules.ts'

/** However often a process tells of its statements. */
const MIN_HEARD_MS = 15_000

/** What each rule that is on asks about, as of now. What several ask for is read once. */
export const measure = async (
  db: Database,
  rules: readonly AlertRule[],
  intervalMs: number,
): Promise<Map<AlertName, Measurement>> => {
  const sources = createSources(db, intervalMs)
  const found = rules
    .filter(({ threshold }) => threshold !== null)
    .map(async (rule) => [rule.name, await measurements[rule.name](sources, rule)] as const)
  return new Map(await Promise.all(found))
}

type Sources = ReturnType<typeof createSources>

const createSources = (db: Database, intervalMs: number) => {
  const windows = new Map<number, ReturnType<typeof readWindow>>()
  const findWindow = ({ windowMs }: AlertRule) => {
    const key = windowMs ?? 0
    const window = windows.get(key) ?? readWindow(db, key)
    windows.set(key, window)
    return window
  }
  return {
    findWindow,
    findAliveWorkers: once(async () => (await findWorkers(db)).filter(({ isAlive }) => isAlive)),
    findLanes: once(() => measureQueue(db)),
    findSpend: once(() => readSpend(db)),
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
