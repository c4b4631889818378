import type { Calendar } from './bill/days.ts'
import type { BillRow } from './bill/row.ts'
import { type BookedCall, MAX_OF_ESTIMATE, type Verdict } from './calls.ts'

/** What a bill has of one call, in one row or several. */
export type BilledCall = {
  responseId: string | undefined
  at: number
  sku: string
  model: string | undefined
  nanoUsd: number
  rows: number
  firstLine: number
  lastLine: number
}

/** A call of which the two sides say different things: one of them may be nothing. */
export type Mismatch = { billed: BilledCall | undefined; booked: BookedCall | undefined }

export type CallsMatched = { mismatches: Mismatch[]; verdicts: Verdict[] }

/** A bill may have a call when it was sent, or when the provider was done with it, by a clock of its own. */
const BEFORE_MS = 60_000
const AFTER_MS = 900_000

/** Rows of a bill by call: those of one response together, and each that names none by itself. */
export const createBilledCalls = () => {
  const byId = new Map<string, BilledCall>()
  const nameless: BilledCall[] = []
  const shared = new Map<string, string>()
  /** The same text once, of however many rows. */
  const share = (text: string): string => {
    const known = shared.get(text)
    if (known === undefined) shared.set(text, text)
    return known ?? text
  }
  const add = (row: BillRow, startOf: Calendar['startOf']): void => {
    const { responseId, nanoUsd, line, sku, when, model } = row
    const known = responseId === undefined ? undefined : byId.get(responseId)
    if (known) {
      known.nanoUsd += nanoUsd
      known.rows++
      known.lastLine = line
      return
    }
    const at = 'at' in when ? when.at : startOf(when.first)
    const call: BilledCall = {
      responseId,
      at,
      sku: share(sku),
      model: model && share(model),
      nanoUsd,
      rows: 1,
      firstLine: line,
      lastLine: line,
    }
    if (responseId === undefined) nameless.push(call)
    else byId.set(responseId, call)
  }
  return { add, byId, nameless }
}

export type BilledCalls = ReturnType<typeof createBilledCalls>

export type CallRules = {
  toleranceNanoUsd: number
  /** True of a moment for which the bill has all that there was. */
  isComplete: (ms: number) => boolean
  /** True of a moment that the bill is of at all. */
  isInSpan: (ms: number) => boolean
  modelOf: (billed: BilledCall) => string | undefined
}

/**
 * Compares calls with their rows: by the id of the response; then, of what is left, by time and amount; and at last those of unknown
 * cost by time and model, which are settled by it.
 */
export const matchCalls = async (
  { byId, nameless }: BilledCalls,
  calls: AsyncIterable<BookedCall>,
  { toleranceNanoUsd, isComplete, isInSpan, modelOf }: CallRules,
): Promise<CallsMatched> => {
  const mismatches: Mismatch[] = []
  const verdicts: Verdict[] = []
  const unmatched: BookedCall[] = []
  const left = new Map(byId)
  for await (const call of calls) {
    const billed = call.responseId === undefined ? undefined : left.get(call.responseId)
    if (!billed) {
      if (call.costNanoUsd > 0) unmatched.push(call)
      continue
    }
    left.delete(call.responseId ?? '')
    if (call.isEstimate) verdicts.push(settle(call, billed))
    else if (Math.abs(billed.nanoUsd - call.costNanoUsd) > toleranceNanoUsd) {
      mismatches.push({ billed, booked: call })
    }
  }
  const rest = [...left.values(), ...nameless].filter(
    ({ nanoUsd }) => Math.abs(nanoUsd) > toleranceNanoUsd,
  )
  const known = pair(
    rest,
    unmatched.filter(({ isEstimate }) => !isEstimate),
    modelOf,
    (billed, call) => Math.abs(billed.nanoUsd - call.costNanoUsd) <= toleranceNanoUsd,
  )
  const guessed = pair(
    known.rows,
    unmatched.filter(({ isEstimate }) => isEstimate),
    modelOf,
    (billed, call) => billed.nanoUsd <= MAX_OF_ESTIMATE * call.costNanoUsd,
  )
  for (const [billed, call] of guessed.pairs) verdicts.push(settle(call, billed))
  for (const call of guessed.calls) {
    if (isComplete(call.startedAt)) verdicts.push({ ...settle(call, undefined), basis: 'absent' })
  }
  for (const booked of known.calls) {
    if (isInSpan(booked.startedAt)) mismatches.push({ billed: undefined, booked })
  }
  for (const billed of guessed.rows) mismatches.push({ billed, booked: undefined })
  return { mismatches, verdicts }
}

const settle = (call: BookedCall, billed: BilledCall | undefined): Verdict => ({
  table: call.table,
  id: call.id,
  startedAt: call.startedAt,
  fromNanoUsd: call.costNanoUsd,
  toNanoUsd: Math.round(billed?.nanoUsd ?? 0),
  basis: 'row',
  responseId: billed?.responseId,
})

/** Gives each row the call that is nearest in its amount, then in time; both in the order of time, so that this is one walk. */
const pair = (
  billed: readonly BilledCall[],
  booked: readonly BookedCall[],
  modelOf: CallRules['modelOf'],
  fits: (billed: BilledCall, call: BookedCall) => boolean,
) => {
  const rows = [...billed].sort((a, b) => a.at - b.at)
  const calls = [...booked].sort((a, b) => a.startedAt - b.startedAt)
  const taken = new Set<BookedCall>()
  const pairs: [BilledCall, BookedCall][] = []
  const unpaired: BilledCall[] = []
  let first = 0
  for (const row of rows) {
    while (first < calls.length && isOver(calls[first], row.at, taken)) first++
    const model = modelOf(row)
    let best: BookedCall | undefined
    for (let at = first; at < calls.length; at++) {
      const call = calls[at]
      if (!call || call.startedAt - BEFORE_MS > row.at) break
      if (taken.has(call) || call.endedAt + AFTER_MS < row.at) continue
      if (model !== undefined && model !== call.model) continue
      // Two calls, each with an id of its own.
      if (row.responseId !== undefined && call.responseId !== undefined) continue
      if (!fits(row, call)) continue
      if (!best || isNearer(row, call, best)) best = call
    }
    if (best) {
      taken.add(best)
      pairs.push([row, best])
    } else unpaired.push(row)
  }
  return { pairs, rows: unpaired, calls: calls.filter((call) => !taken.has(call)) }
}

const isOver = (call: BookedCall | undefined, at: number, taken: ReadonlySet<BookedCall>) =>
  call !== undefined && (taken.has(call) || call.endedAt + AFTER_MS < at)

const isNearer = (row: BilledCall, call: BookedCall, best: BookedCall): boolean => {
  const offBy = ({ costNanoUsd }: BookedCall) => Math.abs(costNanoUsd - row.nanoUsd)
  const nearer = offBy(call) - offBy(best)
  return nearer < 0 || (nearer === 0 && distance(call, row.at) < distance(best, row.at))
}

const distance = ({ startedAt, endedAt }: BookedCall, at: number): number =>
  at < startedAt ? startedAt - at : Math.max(0, at - endedAt)
