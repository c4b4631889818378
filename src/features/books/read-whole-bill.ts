import type { Readable } from 'node:stream'
import { AppError } from '../../lib/errors.ts'
import { createSkuDays } from './accounts.ts'
import { type Calendar, createCalendar, type Day } from './bill/days.ts'
import { type BillForm, readBill } from './bill/read-bill.ts'
import type { AsideReason, BillRow } from './bill/row.ts'
import { createBilledCalls } from './match-calls.ts'
import type { ReconcileOptions } from './options.ts'

/** A bill as it was read: rows of ours by SKU and day, or by call. */
export type WholeBill = ReturnType<typeof startReading>

/** What is compared: the days of the bill, and up to which it is whole. */
export type Span = {
  from: Day
  to: Day
  through: Day | undefined
  calendar: Calendar
}

/** Reads all of a bill, row by row. Throws `invalid_request` for what is none. */
export const readWholeBill = async (
  source: Readable,
  options: ReconcileOptions,
): Promise<WholeBill> => {
  let read: WholeBill | undefined
  for await (const entry of readBill(source, options)) {
    if (entry.type === 'form') read = startReading(entry.form, options)
    if (!read) continue
    if (entry.type === 'row') takeRow(read, entry.row)
    if (entry.type === 'aside') {
      const sum = read.aside.get(entry.reason) ?? { rows: 0, nanoUsd: 0 }
      sum.rows++
      sum.nanoUsd += entry.nanoUsd
      read.aside.set(entry.reason, sum)
    }
    if (entry.type === 'bad') {
      read.badCount++
      if (read.bad.length < MAX_BAD) read.bad.push({ line: entry.line, message: entry.message })
    }
  }
  if (!read) throw new AppError('invalid_request', 'The bill is empty.')
  return read
}

const takeRow = (read: WholeBill, row: BillRow): void => {
  read.rows++
  read.nanoUsd += row.nanoUsd
  read.creditsNanoUsd += row.creditsNanoUsd
  const { dayOf, startOf } = read.calendar
  const { when } = row
  const first = 'first' in when ? when.first : dayOf(when.at)
  const last = 'first' in when ? when.last : dayOf(Math.max(when.at, when.until - 1))
  if (read.first === undefined || first < read.first) read.first = first
  if (read.last === undefined || last > read.last) read.last = last
  if (read.form.isByCall) read.calls.add(row, startOf)
  else read.days.add(row)
}

const MAX_BAD = 1_000

const startReading = (form: BillForm, options: ReconcileOptions) => {
  const zone = options.zone ?? form.zone
  const calendar = createCalendar(zone)
  return {
    form: { ...form, zone, provider: options.provider ?? form.provider },
    calendar,
    days: createSkuDays(calendar),
    calls: createBilledCalls(),
    rows: 0,
    nanoUsd: 0,
    creditsNanoUsd: 0,
    first: undefined as Day | undefined,
    last: undefined as Day | undefined,
    aside: new Map<AsideReason, { rows: number; nanoUsd: number }>(),
    bad: [] as { line: number; message: string }[],
    badCount: 0,
  }
}
