/** Days where the reader is, as addresses have them; empty where any will do. */
export type Days = { from: string; to: string }

const DAY_MS = 86_400_000

/** The day as a date field has it: 2026-11-27. */
export const toDay = (date: Date): string => {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/** From the first moment of the one day to the last of the other, as the API is asked. */
export const toMoments = ({ from, to }: Days): { from: string; to: string } => ({
  from: momentOf(from, 0),
  to: momentOf(to, 1),
})

const momentOf = (day: string, later: number): string => {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(day) ?? []
  if (!year) return ''
  return new Date(Number(year), Number(month) - 1, Number(date) + later).toISOString()
}

const words: [RegExp, (now: Date) => [Date, Date]][] = [
  [/\btoday\b/i, (now) => [now, now]],
  [/\byesterday\b/i, (now) => [daysBefore(now, 1), daysBefore(now, 1)]],
  [/\b(this|last|past) week\b/i, (now) => [daysBefore(now, 7), now]],
  [/\b(this|last|past) month\b/i, (now) => [daysBefore(now, 30), now]],
]

const daysBefore = (now: Date, days: number) => new Date(now.getTime() - days * DAY_MS)

/** What was typed without the words for a time, and the days that these mean. */
export const splitTime = (typed: string, now = new Date()): { text: string; days: Days } => {
  for (const [pattern, toDates] of words) {
    if (!pattern.test(typed)) continue
    const [from, to] = toDates(now).map(toDay)
    const text = typed.replace(pattern, ' ').replaceAll(/\s+/g, ' ').trim()
    return { text, days: { from: from ?? '', to: to ?? '' } }
  }
  return { text: typed.trim(), days: { from: '', to: '' } }
}
