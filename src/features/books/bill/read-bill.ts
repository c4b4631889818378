import type { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { AppError } from '../../../lib/errors.ts'
import { type ColumnNames, type Columns, findColumns } from './columns.ts'
import { type AsideReason, type BillRow, readRow } from './row.ts'

/** Whose bill it is, as the providers of calls are named. */
export type BillProvider = 'gemini' | 'openai'

export type BillOptions = {
  columns?: ColumnNames | undefined
  /** Of a bill that has several Google Cloud or OpenAI projects, the one that our calls are of. */
  project?: string | undefined
  /** Descriptions or ids of SKUs that are not of our calls. */
  aside?: readonly string[] | undefined
}

/** What a header tells of the bill. */
export type BillForm = {
  provider: BillProvider
  /** Of the days that it counts by. */
  zone: string
  /** True where each row is of one call and names it. */
  isByCall: boolean
  /** What its amounts are rounded to, in billionths of a US dollar. */
  toleranceNanoUsd: number
}

export type BillEntry =
  | { type: 'form'; form: BillForm }
  | { type: 'row'; row: BillRow }
  | { type: 'aside'; reason: AsideReason; nanoUsd: number }
  | { type: 'bad'; line: number; message: string }

/** What rows are explained to. */
const TOLERANCE_NANO_USD = 1_000
/** Half a cent, where the console's rounded amounts are all there is. */
const ROUNDED_NANO_USD = 5_000_000

/** Lines before the header, as an invoice has them. */
const MAX_PREAMBLE = 50
const MAX_RECORD_BYTES = 1_048_576

/** Google counts days in this zone, and OpenAI in UTC. */
const ZONES: Record<BillProvider, string> = { gemini: 'America/Los_Angeles', openai: 'UTC' }

const OUR_SERVICES = /gemini|generative language|vertex ai|agent platform/i

/**
 * Reads a bill row by row, whatever its size: first its form, then a row, a row that is none of our calls, or what is wrong with one.
 * Throws `invalid_request` for what is no such CSV.
 */
export async function* readBill(
  source: Readable,
  { columns: named = {}, project, aside = [] }: BillOptions,
): AsyncGenerator<BillEntry> {
  const parser = source.pipe(
    parse({
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: MAX_RECORD_BYTES,
    }),
  )
  source.once('error', (error) => parser.destroy(error))
  const chosen = new Set(aside.map((each) => each.toLowerCase()))
  const isAside = (sku: string) => chosen.has(sku.toLowerCase())
  const isOurService = (service: string) => OUR_SERVICES.test(service)
  let columns: Columns | undefined
  let count = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<Parsed>) {
      if (!columns) {
        columns = findColumns(record, named)
        if (columns) yield { type: 'form', form: describeForm(columns, record) }
        else if (++count >= MAX_PREAMBLE) break
        continue
      }
      const read = readRow(record, info.lines, { columns, isOurService, project, isAside })
      if ('row' in read) yield { type: 'row', row: read.row }
      else if ('aside' in read) yield { type: 'aside', reason: read.aside, nanoUsd: read.nanoUsd }
      else yield { type: 'bad', line: info.lines, message: read.problem }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    // Its message has what stands there, which may be anything.
    const what = error.code.toLowerCase().replaceAll('_', ' ')
    throw new AppError('invalid_request', `The bill is no whole CSV: ${what}, line ${error.lines}.`)
  }
  if (columns) return
  throw new AppError(
    'invalid_request',
    'The bill has no header with a time and a cost among its first lines. Name its columns, as in time=day,cost=usd (docs/reconcile.md).',
  )
}

type Parsed = { record: string[]; info: { lines: number } }

const describeForm = (columns: Columns, header: readonly string[]): BillForm => {
  const isOpenAi = header.some((name) => /^(line_item|amount_value)$/i.test(name.trim()))
  const provider = isOpenAi ? 'openai' : 'gemini'
  return {
    provider,
    zone: ZONES[provider],
    isByCall: columns.responseId !== undefined,
    toleranceNanoUsd: columns.cost === undefined ? ROUNDED_NANO_USD : TOLERANCE_NANO_USD,
  }
}
