import { addDays } from './bill/days.ts'
import { readSku } from './bill/sku.ts'
import type { BookedCall, ReadCalls } from './calls.ts'
import { type Compared, type Difference, type KindSum, nameCall } from './compared.ts'
import { type BilledCall, type Mismatch, matchCalls } from './match-calls.ts'
import type { Span, WholeBill } from './read-whole-bill.ts'

/** A call of the last minutes before the bill's first day may be in it, and one of its last minutes not. */
const MARGIN_MS = 900_000

/** Compares a bill that has its rows by call. */
export const compareByCall = async (
  read: WholeBill,
  span: Span,
  readCalls: ReadCalls,
  models: readonly string[],
): Promise<Compared> => {
  const { startOf, dayOf } = span.calendar
  const [start, end] = [startOf(span.from), startOf(addDays(span.to, 1))]
  const wholeUntil =
    span.through === undefined ? Number.NEGATIVE_INFINITY : startOf(addDays(span.through, 1))
  const isInSpan = (ms: number) => ms >= start && ms < end
  const booked = { calls: 0, nanoUsd: 0, estimates: 0 }
  const kinds = new Map<string, KindSum>()
  const kindOf = (model: string, tier: string): KindSum => {
    const key = `${model} ${tier}`
    const sum = kinds.get(key) ?? { model, tier, kind: 'all', rows: 0, ...NOTHING }
    kinds.set(key, sum)
    return sum
  }
  async function* counted(): AsyncGenerator<BookedCall> {
    for await (const call of readCalls(start - MARGIN_MS, end + MARGIN_MS)) {
      const billed = read.calls.byId.get(call.responseId ?? '')
      if (billed) {
        const sum = kindOf(call.model, call.tier)
        sum.billedNanoUsd += billed.nanoUsd
        sum.rows += billed.rows
      }
      if (billed || isInSpan(call.startedAt)) {
        kindOf(call.model, call.tier).bookedNanoUsd += call.costNanoUsd
        booked.calls += call.costNanoUsd > 0 ? 1 : 0
        booked.nanoUsd += call.costNanoUsd
        booked.estimates += call.isEstimate ? 1 : 0
      }
      yield call
    }
  }
  const known = new Map<string, string | undefined>()
  const modelOf = ({ sku, model }: BilledCall) => {
    const key = model ?? sku
    if (!known.has(key)) {
      known.set(key, readSku(sku, { model }, models).model ?? model?.replace(/^.*\//, ''))
    }
    return known.get(key)
  }
  const { mismatches, verdicts } = await matchCalls(read.calls, counted(), {
    toleranceNanoUsd: read.form.toleranceNanoUsd,
    isComplete: (ms) => ms >= start && ms < wholeUntil,
    isInSpan,
    modelOf,
  })
  const isPending = ({ billed, booked: call }: Mismatch) =>
    billed === undefined && call !== undefined && call.startedAt >= wholeUntil
  const pending = mismatches.filter(isPending)
  return {
    differences: mismatches
      .filter((mismatch) => !isPending(mismatch))
      .map((mismatch) => describe(mismatch, dayOf, modelOf)),
    verdicts,
    kinds: [...kinds.values()],
    booked,
    pending: {
      calls: pending.length,
      nanoUsd: pending.reduce((sum, { booked: call }) => sum + (call?.costNanoUsd ?? 0), 0),
    },
  }
}

const NOTHING = { billedNanoUsd: 0, bookedNanoUsd: 0, billedTokens: null, bookedTokens: null }

const describe = (
  { billed, booked }: Mismatch,
  dayOf: (ms: number) => string,
  modelOf: (billed: BilledCall) => string | undefined,
): Difference => {
  const day = dayOf(billed?.at ?? booked?.startedAt ?? 0)
  return {
    ...NOTHING,
    from: day,
    to: day,
    model: booked?.model ?? (billed && modelOf(billed)) ?? null,
    tier: booked?.tier ?? null,
    kind: null,
    sku: billed?.sku || null,
    lines: billed ? describeLines(billed) : null,
    rows: billed?.rows ?? 0,
    billedNanoUsd: billed?.nanoUsd ?? 0,
    bookedNanoUsd: booked?.costNanoUsd ?? 0,
    responseId: billed?.responseId ?? booked?.responseId ?? null,
    calls: booked ? [nameCall(booked)] : [],
    why: explain(billed, booked),
  }
}

const describeLines = ({ firstLine, lastLine, rows }: BilledCall): string => {
  if (rows === 1) return String(firstLine)
  const isRange = lastLine - firstLine + 1 === rows
  return isRange ? `${firstLine}-${lastLine}` : `${firstLine} to ${lastLine}, ${rows} of them`
}

const explain = (billed: BilledCall | undefined, booked: BookedCall | undefined): string => {
  if (!billed) return 'Booked, and the bill has no such call.'
  if (!booked) return 'Billed, and no call is booked that it could be.'
  const times = booked.costNanoUsd > 0 ? billed.nanoUsd / booked.costNanoUsd : 0
  const isRepeated = times > 1.5 && Math.abs(times - Math.round(times)) < 1e-6
  if (isRepeated) return `Billed ${Math.round(times)} times.`
  return billed.nanoUsd > booked.costNanoUsd
    ? 'The bill has more than is booked for the call.'
    : 'The bill has less than is booked for the call.'
}
