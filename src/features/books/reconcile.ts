import type { Readable } from 'node:stream'
import type { Database } from '../../../db/database.ts'
import type { Reconciliation } from '../../contract/reconciliation.ts'
import { addDays, laterOf } from './bill/days.ts'
import type { Verdict } from './calls.ts'
import { compareByCall } from './compare-by-call.ts'
import { compareByDay } from './compare-by-day.ts'
import type { ReconcileOptions } from './options.ts'
import { createReadCalls, type Pricing } from './read-calls.ts'
import { readWholeBill, type Span, type WholeBill } from './read-whole-bill.ts'
import { insertReconciliation, type Report } from './results.ts'
import { settleCalls } from './settle.ts'
import { sumUp } from './sum-up.ts'

export type ReconcileDeps = {
  db: Database
  pricing: Pricing
  /** Names of the models that have a price. */
  models: readonly string[]
}

/**
 * Compares a bill with all that is booked for its days, both ways, keeps what came of it, and with `isToSettle` books what it says of
 * calls of unknown cost. The bill is read as a stream. Throws `invalid_request` for what is no bill.
 */
export const reconcile = async (
  deps: ReconcileDeps,
  source: Readable,
  options: ReconcileOptions,
): Promise<Reconciliation> => {
  const read = await readWholeBill(source, options)
  const { report, verdicts } = await compare(deps, read, options)
  const { billName, by, isToSettle } = options
  const kept = await insertReconciliation(deps.db, { billName, createdBy: by }, report)
  if (isToSettle) await settleCalls(deps.db, verdicts, { reconciliationId: kept.id, by })
  return kept
}

/** The last day of a bill may be in the middle of being counted, so it is whole only where somebody says so. */
const spanOf = (read: WholeBill, options: ReconcileOptions): Span | undefined => {
  const from = [options.from, read.first].flatMap((day) => day ?? []).sort()[0]
  const last = read.last ?? options.through
  if (from === undefined || last === undefined) return undefined
  const through = options.through ?? addDays(last, -1)
  const to = laterOf(through, last)
  if (to < from) return undefined
  return { from, to, through: through >= from ? through : undefined, calendar: read.calendar }
}

const compare = async (
  { db, pricing, models }: ReconcileDeps,
  read: WholeBill,
  options: ReconcileOptions,
): Promise<{ report: Report; verdicts: readonly Verdict[] }> => {
  const span = spanOf(read, options)
  if (!span) return { report: sumUp(read, undefined, undefined, options), verdicts: [] }
  const readCalls = createReadCalls(db, pricing, read.form.provider)
  const compared = read.form.isByCall
    ? await compareByCall(read, span, readCalls, models)
    : await compareByDay(read, span, readCalls, models, options.skus ?? {})
  return { report: sumUp(read, span, compared, options), verdicts: compared.verdicts }
}
