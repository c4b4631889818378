export type DayOf<T> = { day: string; rows: T[] }

const thisYear = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric' })
const otherYear = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })
const time = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/** The day where the reader is: Nov 26, or Nov 26, 2025. */
export const formatDate = (at: string, now = new Date()): string => {
  const date = new Date(at)
  return (date.getFullYear() === now.getFullYear() ? thisYear : otherYear).format(date)
}

/** The time of that day: 14:05. */
export const formatTime = (at: string): string => time.format(new Date(at))

/** Rows that are sorted by time, by the day where the reader is. */
export const groupByDay = <T extends { at: string }>(rows: readonly T[]): DayOf<T>[] => {
  const days: DayOf<T>[] = []
  for (const row of rows) {
    const day = formatDate(row.at)
    const last = days.at(-1)
    if (last?.day === day) last.rows.push(row)
    else days.push({ day, rows: [row] })
  }
  return days
}
