import type { AlertUnit } from '../../contract/alert.ts'
import type { AlertName } from '../../contract/vocabulary.ts'

/** When an alert fires and resolves. Between the two thresholds, and below the minimum sample, it stays as it is. */
export type AlertRule = {
  name: AlertName
  unit: AlertUnit
  fires: 'above' | 'below'
  /** It fires beyond this; null switches it off. */
  threshold: number | null
  /** It resolves at this, and on the good side of it. */
  resolvesAt: number | null
  /** What is aimed at; told, and not acted upon. */
  target: number | null
  /** How many cases a value must be made of to count. */
  minSample: number
  /** How far back is looked; null where only the moment counts. */
  windowMs: number | null
  /** How many evaluations in a row must say so. */
  evaluationsToFire: number
  evaluationsToResolve: number
}

/** The thresholds that are settings; budgets only where there are any. */
export type AlertSettings = {
  generationMs: number
  queueAgeMs: number
  eagerQueueAgeMs: number
  dailyBudgetUsd: number | undefined
  monthlyBudgetUsd: number | undefined
}

const MINUTE_MS = 60_000

/** Of this moment, and so of no number of cases. */
const now = { target: null, minSample: 0, windowMs: null }
const lately = { windowMs: 15 * MINUTE_MS }
/** One odd evaluation changes nothing. */
const twice = { evaluationsToFire: 2, evaluationsToResolve: 2 }

/** All alerts, the gravest first. */
export const createAlertRules = (settings: AlertSettings): AlertRule[] => [
  // While workers are exchanged there may be none for a moment.
  {
    name: 'no_worker',
    unit: 'count',
    fires: 'below',
    threshold: 1,
    resolvesAt: 1,
    ...now,
    ...twice,
  },
  {
    name: 'provider_down',
    unit: 'count',
    ...above(0, 1),
    ...now,
    ...twice,
    // A breaker opens after a row of outages, which is proof enough.
    evaluationsToFire: 1,
  },
  {
    name: 'generations_failing',
    unit: 'percent',
    fires: 'below',
    threshold: 90,
    resolvesAt: 93,
    target: 95,
    minSample: 20,
    ...lately,
    ...twice,
  },
  {
    name: 'generations_slow',
    unit: 'ms',
    ...above(settings.generationMs, 0.8),
    target: null,
    minSample: 20,
    ...lately,
    ...twice,
  },
  { name: 'queue_old', unit: 'ms', ...above(settings.queueAgeMs, 0.5), ...now, ...twice },
  {
    name: 'eager_queue_old',
    unit: 'ms',
    ...above(settings.eagerQueueAgeMs, 0.5),
    ...now,
    ...twice,
  },
  {
    name: 'database_slow',
    unit: 'ms',
    ...above(500, 0.8),
    target: 100,
    minSample: 100,
    windowMs: 5 * MINUTE_MS,
    ...twice,
  },
  {
    name: 'reuse_low',
    unit: 'percent',
    fires: 'below',
    threshold: 30,
    resolvesAt: 35,
    target: 60,
    minSample: 100,
    ...lately,
    evaluationsToFire: 5,
    evaluationsToResolve: 5,
  },
  overspending('daily_spend_high', settings.dailyBudgetUsd),
  overspending('monthly_spend_high', settings.monthlyBudgetUsd),
]

/** Fires above a threshold, and resolves at a share of it. */
const above = (threshold: number, share: number) => ({
  fires: 'above' as const,
  threshold,
  resolvesAt: threshold * share,
})

/** Within a day or month spend only grows: there is nothing to steady. Off without a budget. */
const overspending = (name: AlertName, budgetUsd: number | undefined): AlertRule => ({
  name,
  unit: 'usd',
  fires: 'above',
  threshold: budgetUsd ?? null,
  resolvesAt: budgetUsd ?? null,
  ...now,
  evaluationsToFire: 1,
  evaluationsToResolve: 1,
})
