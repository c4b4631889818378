import type { AlertUnit } from '../../contract/alert.ts'
import type { AlertName } from '../../contract/vocabulary.ts'

/** What people read of an alert, and when it fires and resolves. Between the two thresholds, and below the minimum sample, it stays as it is. */
export type AlertRule = {
  name: AlertName
  /** Critical: people get no images, or wait in vain. */
  severity: 'critical' | 'warning'
  title: string
  measures: string
  meaning: string
  action: string
  unit: AlertUnit
  fires: 'above' | 'below'
  /** It fires beyond this; null switches it off. */
  threshold: number | null
  /** It resolves at this, and on the good side of it. */
  resolvesAt: number | null
  /** What is aimed at; shown, and not acted upon. */
  target: number | null
  /** How many cases a value must be made of to count. */
  minSample: number
  /** How far back is looked; null where only the moment counts. */
  windowMs: number | null
  /** How many evaluations in a row must say so. */
  evaluationsToFire: number
  evaluationsToResolve: number
}

/** The thresholds that are settings; those of what is spent only where there are budgets. */
export type AlertSettings = {
  generationMs: number
  queueAgeMs: number
  eagerQueueAgeMs: number
  dailyWarnUsd: number | undefined
  monthlyWarnUsd: number | undefined
}

const MINUTE_MS = 60_000

/**
 * All alerts, the gravest first. Prometheus' own (`ops/prometheus-rules.ts`) are made of this table too: they ask whether one of
 * these fires, so both systems have the same thresholds, also where a setting changes one.
 */
export const createAlertRules = (settings: AlertSettings): AlertRule[] => [
  {
    name: 'no_worker',
    severity: 'critical',
    title: 'No worker is alive',
    measures: 'Workers alive',
    meaning: 'Requests are accepted and kept, but no image is made.',
    action: 'Start a worker, or look why those that should run do not reach Postgres.',
    unit: 'count',
    ...below(1, 1),
    ...now,
    // While workers are exchanged there may be none for a moment.
    ...twice,
  },
  {
    name: 'provider_down',
    severity: 'critical',
    title: 'The image model does not answer',
    measures: 'Workers that do not call it for now',
    meaning:
      'Calls for several prompts had no answer, so new images wait, at most until their deadlines.',
    action:
      "Look at the provider's status page. A call is tried from time to time, and all goes on by itself.",
    unit: 'count',
    ...above(0, 0),
    ...now,
    ...twice,
    // A breaker opens after several outages, which is proof enough.
    evaluationsToFire: 1,
  },
  {
    name: 'generations_failing',
    severity: 'critical',
    title: 'Generations fail',
    measures: 'Generations that ended with a new image',
    meaning: 'More of those that are asked for end without an image than should.',
    action: 'See the failed ones by their error code, and retry them once its reason is gone.',
    unit: 'percent',
    ...below(90, 93),
    target: 95,
    minSample: 20,
    ...lately,
    ...twice,
  },
  {
    name: 'generations_slow',
    severity: 'warning',
    title: 'New images take long',
    measures: 'What 95 of 100 new images took at most, from asking to the end',
    meaning: 'People wait too long for a new image.',
    action:
      "A generation's history shows which step takes long. If the model is always slower, raise ALERT_GENERATION_MS.",
    unit: 'ms',
    ...above(settings.generationMs, settings.generationMs * 0.8),
    target: null,
    minSample: 20,
    ...lately,
    ...twice,
  },
  {
    name: 'queue_old',
    severity: 'warning',
    title: 'The queue is old',
    measures: 'How long the oldest generation has waited',
    meaning: 'People wait, and more is asked for than is made.',
    action: 'Start more workers, or raise MODEL_MAX_CONCURRENCY if the provider allows it.',
    unit: 'ms',
    ...above(settings.queueAgeMs, settings.queueAgeMs / 2),
    ...now,
    ...twice,
  },
  {
    name: 'eager_queue_old',
    severity: 'warning',
    title: 'The eager queue is old',
    measures: 'How long the oldest eager generation has waited',
    meaning: 'Images that are made ahead of need will come too late.',
    action: 'Start more workers, or raise MODEL_MAX_CONCURRENCY if the provider allows it.',
    unit: 'ms',
    ...above(settings.eagerQueueAgeMs, settings.eagerQueueAgeMs / 2),
    ...now,
    ...twice,
  },
  {
    name: 'database_slow',
    severity: 'warning',
    title: 'The database is slow',
    measures: 'What 95 of 100 statements took at most, in the slowest process',
    meaning: 'Every request and every generation waits for Postgres.',
    action: 'Look at the load of Postgres, at its locks, and at the network between.',
    unit: 'ms',
    ...above(500, 400),
    target: 100,
    minSample: 100,
    windowMs: 5 * MINUTE_MS,
    ...twice,
  },
  {
    name: 'reuse_low',
    severity: 'warning',
    title: 'Little is reused',
    measures: 'Requests that were answered without a paid call',
    meaning: 'Most requests buy a new image.',
    action:
      'Look for clients that force new images, and for prompts that never repeat: a date, a random word.',
    unit: 'percent',
    ...below(30, 35),
    target: 60,
    minSample: 100,
    ...lately,
    evaluationsToFire: 5,
    evaluationsToResolve: 5,
  },
  {
    name: 'daily_spend_high',
    severity: 'warning',
    title: "Today's budget is nearly spent",
    measures: 'What calls have cost this UTC day, and may cost yet',
    meaning:
      'At BUDGET_DAILY_USD no more is paid for until the next UTC day. What exists is answered.',
    action: 'See who spends: the analytics by owner. Raise the budget, or set one to who spends.',
    ...overspending(settings.dailyWarnUsd),
  },
  {
    name: 'monthly_spend_high',
    severity: 'warning',
    title: "This month's budget is nearly spent",
    measures: 'What calls have cost this UTC month, and may cost yet',
    meaning:
      'At BUDGET_MONTHLY_USD no more is paid for until the next UTC month. What exists is answered.',
    action: 'See who spends: the analytics by owner. Raise the budget, or set one to who spends.',
    ...overspending(settings.monthlyWarnUsd),
  },
  {
    name: 'budgets_low',
    severity: 'warning',
    title: 'Budgets are nearly spent',
    measures: 'Limits of owners, prefixes and keys that are spent beyond BUDGET_WARN_PERCENT',
    meaning: 'At a limit no more is paid for whom it concerns until it begins anew.',
    action: 'See which: GET /api/spending. Raise them, or let them hold.',
    unit: 'count',
    ...above(0, 0),
    ...now,
    evaluationsToFire: 1,
    evaluationsToResolve: 1,
  },
  {
    name: 'batches_stuck',
    severity: 'warning',
    title: 'Batches are stuck',
    measures:
      'Batches whose next step has failed for 15 minutes, or that have not ended within BATCH_GIVE_UP_MS',
    meaning: 'What is in them comes late, though it may be paid for.',
    action:
      'See why: GET /api/batches. Cancel those that will not end: what they have brought is taken.',
    unit: 'count',
    ...above(0, 0),
    ...now,
    evaluationsToFire: 1,
    evaluationsToResolve: 1,
  },
  {
    name: 'prices_guessed',
    severity: 'warning',
    title: 'Prices are guessed',
    measures: 'Calls to a model whose price is not known',
    meaning: 'They are booked as the dearest model would be, so limits are reached too soon.',
    action:
      "Give the model's price in a PRICE_FILE (docs/prices.md), or set GEMINI_MODEL to one that has one.",
    unit: 'count',
    ...above(0, 0),
    target: null,
    // While nobody calls it is as it was.
    minSample: 1,
    ...lately,
    evaluationsToFire: 1,
    evaluationsToResolve: 1,
  },
  {
    name: 'paying_paused',
    severity: 'warning',
    title: 'All paying is stopped',
    measures: 'Whether an operator has stopped it',
    meaning: 'No call is paid for: people get only what exists, and eager work waits.',
    action:
      'Once the reason is gone: POST /api/spending/resume, or the switch on the page Spending.',
    unit: 'count',
    ...above(0, 0),
    ...now,
    evaluationsToFire: 1,
    evaluationsToResolve: 1,
  },
]

const above = (threshold: number, resolvesAt: number) =>
  ({ fires: 'above', threshold, resolvesAt }) as const
const below = (threshold: number, resolvesAt: number) =>
  ({ fires: 'below', threshold, resolvesAt }) as const

/** Of this moment, and so of no number of cases. */
const now = { target: null, minSample: 0, windowMs: null }
const lately = { windowMs: 15 * MINUTE_MS }
/** One odd evaluation changes nothing. */
const twice = { evaluationsToFire: 2, evaluationsToResolve: 2 }

/** Within a day or month spend only grows: there is nothing to steady. Off without a budget. */
const overspending = (warnUsd: number | undefined) => ({
  unit: 'usd' as const,
  fires: 'above' as const,
  threshold: warnUsd ?? null,
  resolvesAt: warnUsd ?? null,
  ...now,
  evaluationsToFire: 1,
  evaluationsToResolve: 1,
})
