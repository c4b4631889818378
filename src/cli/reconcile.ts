import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { createCostSplit } from '../adapters/providers/split-cost.ts'
import type { Config } from '../app/config.ts'
import type { BillDifference, Reconciliation } from '../contract/reconciliation.ts'
import { isDay } from '../features/books/bill/days.ts'
import {
  assertZone,
  type Mapping,
  parseColumns,
  parseMapping,
  type ReconcileOptions,
} from '../features/books/options.ts'
import { reconcile } from '../features/books/reconcile.ts'
import { AppError, messageOf, StartError } from '../lib/errors.ts'
import { withOwnDatabase } from './with-database.ts'

type Options = {
  columns?: string
  mapping?: string
  zone?: string
  provider?: 'gemini' | 'openai'
  project?: string
  from?: string
  through?: string
  settle: boolean
  json: boolean
}

/** Of a bill that is not explained; 1 is a command that could not do its work. */
const EXIT_UNEXPLAINED = 2

/**
 * Compares a bill with the books and says what came of it. The exit code is 0 where all of it is explained, and 2 where it is not. Throws
 * `StartError`.
 */
export const runReconcile = async (
  config: Config,
  file: string,
  options: Options,
): Promise<void> => {
  const found = await asStartError(async () => {
    const [settings] = await Promise.all([
      readOptions(file, options),
      stat(file).catch((error: unknown) => {
        throw new StartError(`${file} can't be read: ${messageOf(error)}`)
      }),
    ])
    return withOwnDatabase(config, (db) => {
      const costs = createCostSplit(config.prices)
      const deps = { db, pricing: costs, models: costs.models }
      return reconcile(deps, createReadStream(file), settings)
    })
  })
  console.log(options.json ? JSON.stringify(found, null, 2) : formatReconciliation(found))
  if (!found.isExplained) process.exitCode = EXIT_UNEXPLAINED
}

const asStartError = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run()
  } catch (error) {
    if (error instanceof AppError) throw new StartError(error.message)
    throw error
  }
}

const readOptions = async (file: string, options: Options): Promise<ReconcileOptions> => {
  const mapping: Mapping =
    options.mapping === undefined
      ? {}
      : parseMapping(
          await readFile(options.mapping, 'utf8').catch((error: unknown) => {
            throw new StartError(`${options.mapping} can't be read: ${messageOf(error)}`)
          }),
        )
  const zone = options.zone ?? mapping.zone
  if (zone !== undefined) assertZone(zone)
  for (const [name, day] of Object.entries({ from: options.from, through: options.through })) {
    if (day === undefined || isDay(day)) continue
    throw new StartError(`--${name} must be a day, as 2026-11-22.`)
  }
  const columns = options.columns === undefined ? {} : parseColumns(options.columns)
  return {
    billName: basename(file),
    by: 'command line',
    columns: { ...mapping.columns, ...columns },
    zone,
    provider: options.provider ?? mapping.provider,
    project: options.project ?? mapping.project,
    skus: mapping.skus,
    aside: mapping.aside,
    from: options.from,
    through: options.through,
    isToSettle: options.settle,
  }
}

/** For a terminal, 100 characters wide. */
export const formatReconciliation = (found: Reconciliation): string => {
  const { bill, explained, booked, pending, estimates, billedNotBooked, bookedNotBilled } = found
  const days = found.from === null ? 'no day' : `${found.from} to ${found.through ?? '?'}`
  const lines = [
    `${found.billName}: ${found.provider}, by ${found.form === 'days' ? 'day and SKU' : 'call'}, ${days} (${found.zone})`,
    '',
    row('bill', bill.rows, 'rows', bill.usd),
    ...(bill.creditsUsd === 0 ? [] : [`${' '.repeat(10)}of which credits ${usd(bill.creditsUsd)}`]),
    row('explained', explained.rows, 'rows', explained.usd, percent(explained.usd, bill.usd)),
    row('booked', booked.calls, 'calls', booked.usd),
    ...(pending.calls === 0
      ? []
      : [row('pending', pending.calls, 'calls', pending.usd, 'on days that the bill may lack')]),
    ...found.aside.map(({ reason, rows, usd: amount }) =>
      row('aside', rows, 'rows', amount, ASIDE[reason] ?? reason),
    ),
    '',
    ...formatKinds(found.kinds),
    ...formatDifferences('Billed and not booked', billedNotBooked),
    ...formatDifferences('Booked and not billed', bookedNotBilled),
    ...formatBad(found.bad),
    ...formatEstimates(estimates),
    found.isExplained
      ? `Every row is explained to ${usd(found.toleranceUsd)}.`
      : 'Not all of it is explained.',
  ]
  return lines.join('\n')
}

const ASIDE: Record<string, string> = {
  other_service: 'of other services',
  other_project: 'of other projects',
  not_usage: 'taxes and adjustments',
  total: 'sums and empty days',
  chosen: 'left aside by the mapping',
}

const row = (name: string, count: number, of: string, amount: number, note = ''): string =>
  `${name.padEnd(10)}${String(count).padStart(9)} ${of.padEnd(6)}${usd(amount).padStart(16)}${note && `  ${note}`}`

const usd = (amount: number): string => `${amount < 0 ? '-' : ''}$${Math.abs(amount).toFixed(6)}`

const percent = (part: number, whole: number): string =>
  whole === 0 ? '' : `${((100 * part) / whole).toFixed(2)} %`

const formatKinds = (kinds: Reconciliation['kinds']): string[] => {
  if (kinds.length === 0) return []
  const header = `${'model, tier, kind'.padEnd(52)}${'billed'.padStart(15)}${'booked'.padStart(15)}${'difference'.padStart(15)}`
  return [
    header,
    ...kinds.map(({ model, tier, kind, billedUsd, bookedUsd, differenceUsd }) => {
      const name = [model, tier === 'standard' ? '' : tier, kind].filter((part) => part !== '')
      const amounts = [billedUsd, bookedUsd, differenceUsd].map((each) => usd(each).padStart(15))
      return `${name.join(' ').slice(0, 51).padEnd(52)}${amounts.join('')}`
    }),
    '',
  ]
}

const MAX_SHOWN = 50

const formatDifferences = (
  title: string,
  { count, usd: amount, items }: Reconciliation['billedNotBooked'],
): string[] => {
  if (count === 0) return []
  const shown = items.slice(0, MAX_SHOWN)
  return [
    `${title}: ${count}, ${usd(amount)}`,
    ...shown.flatMap(formatDifference),
    ...(count > shown.length ? [`  and ${count - shown.length} more: see --json`] : []),
    '',
  ]
}

const formatDifference = (each: BillDifference): string[] => {
  const days = each.from === each.to ? each.from : `${each.from} to ${each.to}`
  const what = [each.model, each.tier === 'standard' ? null : each.tier, each.kind, each.responseId]
  const tokens =
    each.billedTokens === null && each.bookedTokens === null
      ? ''
      : ` (tokens: ${each.billedTokens ?? '?'} and ${each.bookedTokens ?? '?'})`
  return [
    `  ${usd(Math.abs(each.differenceUsd))}  ${days}  ${what.filter(Boolean).join(' ') || each.sku}${each.lines ? `, line ${each.lines}` : ''}`,
    `    billed ${usd(each.billedUsd)}, booked ${usd(each.bookedUsd)}${tokens}. ${each.why}`,
    ...each.calls.map((call) => `      ${call}`),
  ]
}

const formatBad = ({ count, items }: Reconciliation['bad']): string[] =>
  count === 0
    ? []
    : [
        `Rows that can't be read: ${count}`,
        ...items.slice(0, MAX_SHOWN).map(({ line, message }) => `  line ${line}: ${message}`),
        ...(count > MAX_SHOWN ? [`  and ${count - MAX_SHOWN} more`] : []),
        '',
      ]

const formatEstimates = ({
  isSettled,
  calls,
  fromUsd,
  toUsd,
  absent,
}: Reconciliation['estimates']) => {
  if (calls === 0) return []
  const what = `${calls} calls of unknown cost, booked at ${usd(fromUsd)}: the bill has ${usd(toUsd)} for them, and nothing for ${absent}.`
  return [isSettled ? `Settled: ${what}` : `${what} --settle books them so.`, '']
}
