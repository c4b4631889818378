import type { AnalyticsQuery } from '../../contract/analytics.ts'
import { MAX_ANALYTICS_DAYS } from '../../contract/limits.ts'
import { AppError } from '../../lib/errors.ts'

/** The first and the last of some UTC days, as 2026-11-22. */
export type DayRange = { from: string; to: string }

const DEFAULT_DAYS = 7
/** What is before or after can't be in the figures, and a year of more than four digits is no text of this form. */
const FIRST_DAY = '1970-01-01'
const LAST_DAY = '9998-12-31'
const DAY_MS = 24 * 60 * 60 * 1_000

/** The days that a query asks for: the last 7 unless it says more. Throws `invalid_request`. */
export const resolveRange = ({
  days,
  from,
  to = formatDay(Date.now()),
}: Pick<AnalyticsQuery, 'days' | 'from' | 'to'>): DayRange => {
  for (const [name, day] of Object.entries({ from, to })) {
    if (day === undefined || (day >= FIRST_DAY && day <= LAST_DAY)) continue
    throw invalid(`?${name}`, `${name} must be a day from ${FIRST_DAY} to ${LAST_DAY}.`)
  }
  if (days !== undefined && from !== undefined) {
    throw invalid('?days', 'days goes without from: give one of them.')
  }
  const range = { from: from ?? addDays(to, 1 - (days ?? DEFAULT_DAYS)), to }
  if (range.from > range.to) throw invalid('?from', `from must not be after to, ${to}.`)
  if (countDays(range) > MAX_ANALYTICS_DAYS) {
    throw invalid('?from', `from and to may be ${MAX_ANALYTICS_DAYS} days at most.`)
  }
  return range
}

/** As many days before it. */
export const precede = (range: DayRange): DayRange => ({
  from: addDays(range.from, -countDays(range)),
  to: addDays(range.from, -1),
})

/**
 * The whole months of a range, as the first day of the first and the first day after the last; without any, the two
 * are the same.
 */
export const findMonths = ({ from, to }: DayRange): { first: string; end: string } => {
  const first = from.endsWith('-01') ? from : startOfMonth(addDays(startOfMonth(from), 31))
  const end = startOfMonth(addDays(to, 1))
  return first < end ? { first, end } : { first: from, end: from }
}

const startOfMonth = (day: string) => `${day.slice(0, 7)}-01`

export const listDays = (range: DayRange): string[] =>
  Array.from({ length: countDays(range) }, (_, i) => addDays(range.from, i))

const countDays = ({ from, to }: DayRange) => (Date.parse(to) - Date.parse(from)) / DAY_MS + 1

const addDays = (day: string, count: number) => formatDay(Date.parse(day) + count * DAY_MS)

const formatDay = (ms: number) => new Date(ms).toISOString().slice(0, 10)

const invalid = (pointer: string, message: string) =>
  new AppError('invalid_request', message, { pointer })
