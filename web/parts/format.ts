const LANGUAGE = 'en'
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const LEAST_USD = 0.0001

const money = new Intl.NumberFormat(LANGUAGE, { style: 'currency', currency: 'USD' })
const smallMoney = new Intl.NumberFormat(LANGUAGE, {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 4,
})
const count = new Intl.NumberFormat(LANGUAGE)
const percent = new Intl.NumberFormat(LANGUAGE, { style: 'percent', maximumFractionDigits: 1 })
const moment = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: 'medium', timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(LANGUAGE, { month: 'short', day: 'numeric', timeZone: 'UTC' })
const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: 'always', style: 'short' })

/** US dollars; what is less than a dollar with up to four decimals, as images cost cents: $0.0336, $12.50. */
export const formatUsd = (usd: number): string => {
  if (usd === 0) return '$0'
  if (usd < LEAST_USD) return `< $${LEAST_USD}`
  return (usd < 1 ? smallMoney : money).format(usd)
}

const LEAST_SUM_USD = 0.1

/** US dollars that many cents come together to: to the cent from ten cents on. */
export const formatSum = (usd: number): string =>
  usd >= LEAST_SUM_USD ? money.format(usd) : formatUsd(usd)

export const formatCount = (number: number): string => count.format(number)

/** Of a share between 0 and 1. */
export const formatPercent = (share: number): string => percent.format(share)

/** What an alert measures, by its unit; a percentage between 0 and 100. */
export const formatMeasure = (value: number, unit: 'percent' | 'ms' | 'usd' | 'count'): string => {
  if (unit === 'percent') return formatPercent(value / 100)
  if (unit === 'ms') return formatDuration(value)
  return unit === 'usd' ? formatUsd(value) : formatCount(value)
}

/** 320 ms, 4.2 s, 3 min, 3 min 12 s. */
export const formatDuration = (ms: number): string => {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < MINUTE_MS) return `${Number((ms / 1_000).toFixed(1))} s`
  const seconds = Math.round(ms / 1_000)
  const minutes = `${Math.floor(seconds / 60)} min`
  return seconds % 60 === 0 ? minutes : `${minutes} ${seconds % 60} s`
}

/** 412 KB, 3.1 MB. */
export const formatBytes = (bytes: number): string =>
  bytes < 1_000_000
    ? `${Math.max(1, Math.round(bytes / 1_000))} KB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`

/** The day and time where the reader is. */
export const formatMoment = (at: string | number | Date): string => moment.format(new Date(at))

/** The UTC day that begins then: Nov 22. */
export const formatDay = (seconds: number): string => day.format(seconds * 1_000)

/** How long ago: just now, 5 min. ago, 3 days ago. */
export const formatAgo = (at: string | number | Date, nowMs = Date.now()): string => {
  const agoMs = nowMs - new Date(at).getTime()
  if (Math.abs(agoMs) < 10_000) return 'just now'
  const [unitMs, unit] = unitOf(Math.abs(agoMs))
  return relative.format(-Math.trunc(agoMs / unitMs), unit)
}

const unitOf = (ms: number): [number, Intl.RelativeTimeFormatUnit] => {
  if (ms < MINUTE_MS) return [1_000, 'second']
  if (ms < HOUR_MS) return [MINUTE_MS, 'minute']
  if (ms < DAY_MS) return [HOUR_MS, 'hour']
  return [DAY_MS, 'day']
}
