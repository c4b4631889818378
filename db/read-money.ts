import type { KyselyPlugin, UnknownRow } from 'kysely'
import { parseNanoUsd } from '../src/lib/money.ts'

/**
 * Reads every column named `nano_usd` or `…_nano_usd` as a number, and as a bigint where that would lose a digit: the driver gives
 * integers of 64 bits as text, which adds up to nonsense. After the columns have been renamed.
 */
export const readMoney: KyselyPlugin = {
  transformQuery: ({ node }) => node,
  transformResult: async ({ result }) => {
    const [first] = result.rows
    const columns = first ? Object.keys(first).filter(isMoney) : []
    if (columns.length === 0) return result
    return { ...result, rows: result.rows.map((row) => parseColumns(row, columns)) }
  },
}

const isMoney = (column: string): boolean => column === 'nanoUsd' || column.endsWith('NanoUsd')

const parseColumns = (row: UnknownRow, columns: readonly string[]): UnknownRow => {
  const read = { ...row }
  for (const column of columns) {
    const value = row[column]
    if (typeof value === 'string') read[column] = parseNanoUsd(value)
  }
  return read
}
