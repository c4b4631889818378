import type { Columns, Field } from './columns.ts'
import { type Day, isDay } from './days.ts'

/** One row of a bill. */
export type BillRow = {
  line: number
  /** Milliseconds since 1970, or the first and the last day that it is of. */
  when: { at: number; until: number } | { first: Day; last: Day }
  sku: string
  skuId: string | undefined
  /** Tokens, where it says so. */
  quantity: number | undefined
  /** In billionths of a US dollar, before credits; a bill may be finer than that. */
  nanoUsd: number
  creditsNanoUsd: number
  responseId: string | undefined
  model: string | undefined
  kind: string | undefined
  tier: string | undefined
}

/** Why a row is not of our calls. */
export type AsideReason = 'other_service' | 'other_project' | 'not_usage' | 'total' | 'chosen'

export type ReadRow =
  | { row: BillRow }
  | { aside: AsideReason; nanoUsd: number }
  | { problem: string }

export type RowRules = {
  columns: Columns
  isOurService: (service: string) => boolean
  project: string | undefined
  /** True of an id or a description that somebody chose to leave out. */
  isAside: (sku: string) => boolean
}

const NANO = 1e9

/** What a record says, or why it can't be read. */
export const readRow = (record: readonly string[], line: number, rules: RowRules): ReadRow => {
  const get = (field: Field): string | undefined => {
    const at = rules.columns[field]
    const text = at === undefined ? '' : (record[at] ?? '').trim()
    return text === '' ? undefined : text
  }
  const time = get('time')
  const sku = get('sku') ?? get('model') ?? ''
  const costText = get('cost') ?? get('roundedCost')
  // Consoles end with sums, and OpenAI has a line for every day, used or not.
  if (costText === undefined) {
    return sku === '' || time === undefined ? { aside: 'total', nanoUsd: 0 } : noCost(sku)
  }
  const nanoUsd = readUsd(costText, get('currency'), get('rate'))
  if (typeof nanoUsd === 'string') return { problem: nanoUsd }
  const isSum = /^(sub|grand )?total\b/i.test(time ?? sku) || (time === undefined && sku === '')
  if (isSum) return { aside: 'total', nanoUsd }
  if (time === undefined) return { problem: 'it has no time' }
  const service = get('service')
  if (service !== undefined && !rules.isOurService(service)) {
    return { aside: 'other_service', nanoUsd }
  }
  const project = get('project')
  if (rules.project !== undefined && project !== undefined && project !== rules.project) {
    return { aside: 'other_project', nanoUsd }
  }
  const costType = get('costType')
  if (costType !== undefined && !/^(regular|usage)$/i.test(costType)) {
    return { aside: 'not_usage', nanoUsd }
  }
  if (rules.isAside(sku) || rules.isAside(get('skuId') ?? '')) return { aside: 'chosen', nanoUsd }
  const when = readWhen(time, get('end'))
  if (!when) return { problem: `"${time}" is no time: expected 2026-11-28 or 2026-11-28T08:00:00Z` }
  const quantity = get('quantity')
  const amount = quantity === undefined ? undefined : readNumber(quantity)
  if (quantity !== undefined && amount === undefined) {
    return { problem: `"${quantity}" is no amount` }
  }
  const credits = get('credits')
  return {
    row: {
      line,
      when,
      sku,
      skuId: get('skuId'),
      quantity: amount,
      nanoUsd,
      creditsNanoUsd: ((credits && readNumber(credits)) || 0) * NANO,
      responseId: get('responseId'),
      model: get('model'),
      kind: get('kind'),
      tier: get('tier'),
    },
  }
}

const noCost = (sku: string): ReadRow => ({ problem: `it has no cost (${sku.slice(0, 80)})` })

/** Billionths of a US dollar, or what is wrong. Google gives the rate from dollars to the bill's currency. */
const readUsd = (
  text: string,
  currency: string | undefined,
  rateText: string | undefined,
): number | string => {
  const amount = readNumber(text.replace(/^(-?)[$]/, '$1'))
  if (amount === undefined) return `"${text.slice(0, 40)}" is no amount of money`
  if (currency === undefined || /^usd$/i.test(currency)) return amount * NANO
  const rate = rateText === undefined ? undefined : readNumber(rateText)
  if (rate === undefined || rate <= 0) {
    return `it is in ${currency.slice(0, 10)}, without the column currency_conversion_rate`
  }
  return (amount / rate) * NANO
}

/** With commas between thousands, as consoles write them. */
const readNumber = (text: string): number | undefined => {
  const plain = /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text
  if (!/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return undefined
  const number = Number(plain)
  return Number.isFinite(number) ? number : undefined
}

const readWhen = (start: string, end: string | undefined): BillRow['when'] | undefined => {
  if (isDay(start)) {
    const last = end !== undefined && isDay(end) && end >= start ? end : start
    return { first: start, last }
  }
  const at = readMoment(start)
  if (at === undefined) return undefined
  const until = end === undefined ? undefined : readMoment(end)
  return { at, until: Math.max(at, until ?? at) }
}

/** Without a zone of its own a time is UTC, as BigQuery and OpenAI write it. */
const readMoment = (text: string): number | undefined => {
  if (/^\d{10}(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const [, day, time, zone = ''] =
    /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|UTC|[+-]\d{2}:?\d{2})?$/i.exec(
      text,
    ) ?? []
  if (!day) return undefined
  const offset = /^[+-]/.test(zone) ? zone : 'Z'
  const ms = Date.parse(`${day}T${time}${offset}`)
  return Number.isNaN(ms) ? undefined : ms
}
