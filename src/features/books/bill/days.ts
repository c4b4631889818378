/** A day of a calendar, as 2026-11-22; they sort as text. */
export type Day = string

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
/** No zone changes its offset at another time than a multiple of this. */
const STEP_MS = 15 * MINUTE_MS

/** The days of a time zone. */
export type Calendar = {
  dayOf: (ms: number) => Day
  /** When a day begins, in milliseconds since 1970. */
  startOf: (day: Day) => number
}

/** The calendar of a zone by its IANA name. Throws `RangeError` for what is none. */
export const createCalendar = (zone: string): Calendar => {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  // Formatting takes microseconds, and bills and calls come in the order of time.
  let [step, day] = [Number.NaN, '']
  const dayOf = (ms: number): Day => {
    const at = Math.floor(ms / STEP_MS)
    if (at !== step) [step, day] = [at, format.format(at * STEP_MS)]
    return day
  }
  const startOf = (wanted: Day): number => {
    // No zone is further than 14 hours from UTC.
    let low = Date.parse(`${wanted}T00:00:00Z`) - 15 * 60 * MINUTE_MS
    let high = low + 2 * DAY_MS
    while (high - low > STEP_MS) {
      const middle = low + Math.floor((high - low) / 2 / STEP_MS) * STEP_MS
      if (format.format(middle) < wanted) low = middle
      else high = middle
    }
    return high
  }
  return { dayOf, startOf }
}

export const isDay = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`))

export const addDays = (day: Day, count: number): Day =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)

export const laterOf = (a: Day, b: Day): Day => [a, b].sort()[1] ?? a
