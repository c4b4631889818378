import type { AlertEvent, AlertUnit } from '../../contract/alert.ts'
import type { AlertName } from '../../contract/vocabulary.ts'
import type { AlertRule } from './rules.ts'

/** Where the documentation has more of an alert. */
export const docsOf = (name: AlertName): string => `docs/operations.md#${name}`

/** A change in one line. */
export const formatChange = (
  { title, measures, fires, unit }: AlertRule,
  { state, value, threshold, sample }: Pick<AlertEvent, 'state' | 'value' | 'threshold' | 'sample'>,
): string => {
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
