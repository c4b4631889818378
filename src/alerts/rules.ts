import type { AlertUnit } from '../contract/alert.ts'
import type { AlertName } from '../contract/vocabulary.ts'

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

/** All alerts, the gravest first. */
export const createAlertRules = (settings: AlertSettings): AlertRule[] => [
  {
    name: 'no_worker',
    unit: 'count',
    fires: 'below',
    threshold: 1,
    resolvesAt: 1,
    target: null,
    minSample: 0,
    windowMs: null,
    // While workers are exchanged there may be none for a moment.
    evaluationsToFire: 2,
    evaluationsToResolve: 2,
  },
  {
    name: 'provider_down',
    unit: 'count',
    fires: 'above',
    threshold: 0,
    resolvesAt: 0,
    target: null,
    minSample: 0,
    windowMs: null,
    // A breaker opens after a row of outages, which is proof enough.
    evaluationsToFire: 1,
    evaluationsToResolve: 2,
  },
  {
    name: 'generations_failing',
    unit: 'percent',
    fires: 'below',
    threshold: 90,
    resolvesAt: 93,
    target: 95,
    minSample: 20,
    windowMs: 15 * MINUTE_MS,
    evaluationsToFire: 2,
    evaluationsToResolve: 2,
  },
  {
    name: 'generations_slow',
    ...above(settings.generationMs, 0.8),
    unit: 'ms',
    target: null,
    minSample: 20,
    windowMs: 15 * MINUTE_MS,
    evaluationsToFire: 2,
    evaluationsToResolve: 2,
  },
  queueAge('queue_old', settings.queueAgeMs),
  queueAge('eager_queue_old', settings.eagerQueueAgeMs),
  {
    name: 'database_slow',
    ...above(500, 0.8),
    unit: 'ms',
    target: 100,
    minSample: 100,
    windowMs: 5 * MINUTE_MS,
    evaluationsToFire: 2,
    evaluationsToResolve: 2,
  },
  {
    name: 'reuse_low',
    unit: 'percent',
    fires: 'below',
    threshold: 30,
    resolvesAt: 35,
    target: 60,
    minSample: 100,
    windowMs: 15 * MINUTE_MS,
    evaluationsToFire: 5,
    evaluationsToResolve: 5,
  },
  spend('daily_spend_high', settings.dailyBudgetUsd),
  spend('monthly_spend_high', settings.monthlyBudgetUsd),
]

/** Fires above a threshold, and resolves at a share of it. */
function above(threshold: number | null, share: number) {
  const resolvesAt = threshold === null ? null : threshold * share
  return { fires: 'above' as const, threshold, resolvesAt }
}

function queueAge(name: AlertName, ageMs: number): AlertRule {
  return {
    name,
    ...above(ageMs, 0.5),
    unit: 'ms',
    target: null,
    minSample: 0,
    windowMs: null,
    evaluationsToFire: 2,
    evaluationsToResolve: 2,
  }
}

/** Within a day or month spend only grows: nothing to steady. */
function spend(name: AlertName, budgetUsd: number | undefined): AlertRule {
  return {
    name,
    ...above(budgetUsd ?? null, 1),
    unit: 'usd',
    target: null,
    minSample: 0,
    windowMs: null,
    evaluationsToFire: 1,
    evaluationsToResolve: 1,
  }
}
