import type { AlertEvent, AlertUnit } from '../../contract/alert.ts'
import type { AlertName } from '../../contract/vocabulary.ts'
import type { AlertRule } from './rules.ts'

/** What people read of an alert. */
type Words = { title: string; measures: string; meaning: string; action: string }

export const alertWords: Record<AlertName, Words> = {
  no_worker: {
    title: 'No worker is alive',
    measures: 'Workers alive',
    meaning: 'Requests are accepted and kept, but no image is made.',
    action: 'Start a worker, or look why those that should run do not reach Postgres.',
  },
  provider_down: {
    title: 'The image model does not answer',
    measures: 'Workers that do not call it for now',
    meaning: 'Several calls in a row had no answer, so new images wait, and then fail.',
    action:
      "Look at the provider's status page. A call is tried from time to time, and all goes on by itself.",
  },
  generations_failing: {
    title: 'Generations fail',
    measures: 'Generations that ended with a new image',
    meaning: 'More of those that are asked for end without an image than should.',
    action: 'See the failed ones by their error code, and retry them once its reason is gone.',
  },
  generations_slow: {
    title: 'New images take long',
    measures: 'What 95 of 100 new images took at most, from asking to the end',
    meaning: 'Whoever waits for a new image waits too long.',
    action:
      "A generation's history shows which step takes long. If the model is always slower, raise ALERT_GENERATION_MS.",
  },
  queue_old: {
    title: 'The queue is old',
    measures: 'How long the oldest generation has waited',
    meaning: 'People wait, and more is asked for than is made.',
    action: 'Start more workers, or raise MODEL_MAX_CONCURRENCY if the provider allows it.',
  },
  eager_queue_old: {
    title: 'The eager queue is old',
    measures: 'How long the oldest eager generation has waited',
    meaning: 'Images that are made ahead of need will come too late.',
    action: 'Start more workers, or raise MODEL_MAX_CONCURRENCY if the provider allows it.',
  },
  database_slow: {
    title: 'The database is slow',
    measures: 'What 95 of 100 statements took at most, in the slowest process',
    meaning: 'Every request and every generation waits for Postgres.',
    action: 'Look at the load of Postgres, at its locks, and at the network between.',
  },
  reuse_low: {
    title: 'Little is reused',
    measures: 'Requests that were answered without a paid call',
    meaning: 'Most requests buy a new image.',
    action:
      'Look for clients that force new images, and for prompts that never repeat: a date, a random word.',
  },
  daily_spend_high: {
    title: "Today's budget is spent",
    measures: 'What calls have cost this UTC day',
    meaning: 'The model has cost more today than BUDGET_DAILY_USD. Nothing is stopped.',
    action: 'See who spends: the analytics by owner. Stop the workers to stop spending.',
  },
  monthly_spend_high: {
    title: "This month's budget is spent",
    measures: 'What calls have cost this UTC month',
    meaning: 'The model has cost more this month than BUDGET_MONTHLY_USD. Nothing is stopped.',
    action: 'See who spends: the analytics by owner. Stop the workers to stop spending.',
  },
}

/** Where the documentation has more of an alert. */
export const docsOf = (name: AlertName): string => `docs/operations.md#${name}`

/** A change in one line. */
export const formatChange = (
  { name, fires, unit }: Pick<AlertRule, 'name' | 'fires' | 'unit'>,
  { state, value, threshold, sample }: Pick<AlertEvent, 'state' | 'value' | 'threshold' | 'sample'>,
): string => {
  const { title, measures } = alertWords[name]
  const head = state === 'firing' ? title : `No longer: ${title}`
  if (value === null || threshold === null) return `${head}. The alert is off.`
  const of = unit === 'percent' ? ` of ${sample}` : ''
  return `${head}. ${measures}: ${format(value, unit)}${of}; fires ${fires} ${format(threshold, unit)}.`
}

const format = (value: number, unit: AlertUnit): string => formats[unit](value)

const formats: Record<AlertUnit, (value: number) => string> = {
  percent: (value) => `${round(value, 1)} %`,
  ms: (value) =>
    value < 10_000 ? `${round(value, value < 10 ? 1 : 0)} ms` : `${round(value / 1_000, 0)} s`,
  usd: (value) => `$${value.toFixed(2)}`,
  count: String,
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
