import { formatCsv } from '../adapters/http/csv.ts'
import { createCostSplit } from '../adapters/providers/split-cost.ts'
import type { Config } from '../app/config.ts'
import { ownerIdSchema } from '../contract/text.ts'
import {
  formatMarkdown,
  listStatementRows,
  readStatement,
} from '../features/analytics/statement.ts'
import { AppError, StartError } from '../lib/errors.ts'
import { withOwnDatabase } from './with-database.ts'

/** Prints what a month cost and what it would have cost, in Markdown or as CSV. Throws `StartError`. */
export const runStatement = async (
  config: Config,
  month: string,
  { csv, owner }: { csv: boolean; owner?: string },
): Promise<void> => {
  const named = ownerIdSchema.optional().safeParse(owner)
  if (!named.success) throw new StartError(`--owner ${named.error.issues[0]?.message}.`)
  const { shareOf } = createCostSplit(config.prices)
  const statement = await withOwnDatabase(config, (db) =>
    readStatement(db, month, named.data, shareOf),
  ).catch((error: unknown) => {
    if (error instanceof AppError) throw new StartError(error.message)
    throw error
  })
  process.stdout.write(csv ? formatCsv(listStatementRows(statement)) : formatMarkdown(statement))
}
