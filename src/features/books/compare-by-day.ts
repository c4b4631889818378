import {
  type Account,
  addBooked,
  openAccounts,
  type SkuDays,
  type SkuNames,
  type Sum,
  sumOf,
  type Window,
} from './accounts.ts'
import { addDays } from './bill/days.ts'
import { chooseKind } from './bill/sku.ts'
import type { BookedCall, ReadCalls } from './calls.ts'
import { type Compared, type Difference, type KindSum, nameCall } from './compared.ts'
import { formatLines } from './lines.ts'
import { type Gap, matchDays } from './match-days.ts'
import type { Span, WholeBill } from './read-whole-bill.ts'

/** Compares a bill by day and SKU. */
export const compareByDay = async (
  read: WholeBill,
  span: Span,
  readCalls: ReadCalls,
  models: readonly string[],
  named: SkuNames,
): Promise<Compared> => {
  const { startOf } = span.calendar
  const [start, end] = [startOf(span.from), startOf(addDays(span.to, 1))]
  const booked = { calls: 0, nanoUsd: 0, estimates: 0 }
  const called = new Set(models)
  // A SKU may be of a model that has no price, and is called all the same.
  for await (const { model } of readCalls(start, end)) called.add(model)
  const { accounts, strangers } = openAccounts(read.days.list(), [...called], named)
  for await (const call of readCalls(start, end)) {
    if (call.costNanoUsd === 0 && !call.isEstimate) continue
    booked.calls++
    booked.nanoUsd += call.costNanoUsd
    booked.estimates += call.isEstimate ? 1 : 0
    addBooked(accounts, call, span.calendar)
  }
  const isComplete = ({ last }: Window) => span.through !== undefined && last <= span.through
  const { toleranceNanoUsd } = read.form
  const kinds = listKinds(accounts.values())
  const { gaps, verdicts } = matchDays(accounts.values(), toleranceNanoUsd, isComplete)
  const isPending = ({ window, nanoUsd }: Gap) => nanoUsd < 0 && !isComplete(window)
  const open = gaps.filter((gap) => !isPending(gap))
  const names = await nameCalls(open, readCalls, span, toleranceNanoUsd)
  return {
    differences: [
      ...strangers.map(describeStranger),
      ...open.map((gap) => describeGap(gap, names.get(gap.window) ?? [])),
    ],
    verdicts,
    kinds,
    booked,
    pending: sumPending(gaps.filter(isPending)),
  }
}

const sumPending = (gaps: readonly Gap[]) => ({
  calls: [...new Set(gaps.map(({ window }) => window))].reduce((sum, { calls }) => sum + calls, 0),
  nanoUsd: gaps.reduce((sum, { nanoUsd }) => sum - nanoUsd, 0),
})

const listKinds = (accounts: Iterable<Account>): KindSum[] =>
  [...accounts].flatMap((account) => {
    const byKind = new Map<string, KindSum>()
    const kindOf = (kind: string): KindSum => {
      const { model, tier } = account
      const sum = byKind.get(kind) ?? { model, tier, kind, rows: 0, ...NO_SIDES }
      byKind.set(kind, sum)
      return sum
    }
    for (const { sums, wholeNanoUsd, estimates } of account.windows) {
      for (const [kind, sum] of sums) addSum(kindOf(kind), sum)
      const unknown = estimates.reduce((all, { costNanoUsd }) => all + costNanoUsd, wholeNanoUsd)
      if (unknown > 0) kindOf('whole').bookedNanoUsd += unknown
    }
    return [...byKind.values()]
  })

const NO_SIDES = {
  billedNanoUsd: 0,
  bookedNanoUsd: 0,
  billedTokens: 0 as number | null,
  bookedTokens: 0 as number | null,
}

const addSum = (kind: KindSum, sum: Sum): void => {
  kind.rows += sum.rows
  kind.billedNanoUsd += sum.billedNanoUsd
  kind.bookedNanoUsd += sum.bookedNanoUsd
  kind.billedTokens = (kind.billedTokens ?? 0) + sum.billedTokens
  kind.bookedTokens =
    kind.bookedTokens === null || !sum.isCounted ? null : kind.bookedTokens + sum.bookedTokens
}

const describeStranger = ({ first, last, sku, skuId, nanoUsd, tokens, rows, lines }: SkuDays) => ({
  from: first,
  to: last,
  model: null,
  tier: null,
  kind: null,
  sku: skuId ? `${sku} (${skuId})` : sku,
  lines: formatLines(lines),
  rows,
  billedNanoUsd: nanoUsd,
  bookedNanoUsd: 0,
  billedTokens: tokens || null,
  bookedTokens: null,
  responseId: null,
  calls: [],
  why: 'No model of ours is named by this SKU. A mapping can say which it is, or leave it aside.',
})

const describeGap = ({ account, window, kind, nanoUsd }: Gap, names: string[]): Difference => {
  const sum = kind === 'whole' ? undefined : sumOf(window, kind)
  const { model, tier } = account
  return {
    from: window.first,
    to: window.last,
    model,
    tier,
    kind,
    sku: sum && sum.skus.size > 0 ? [...sum.skus].join('; ') : null,
    lines: sum && sum.rows > 0 ? formatLines(sum.lines) : null,
    rows: sum?.rows ?? 0,
    billedNanoUsd: sum?.billedNanoUsd ?? 0,
    bookedNanoUsd: sum?.bookedNanoUsd ?? window.wholeNanoUsd,
    billedTokens: sum && sum.rows > 0 ? sum.billedTokens : null,
    bookedTokens: sum?.isCounted ? sum.bookedTokens : null,
    responseId: null,
    calls: names,
    why: explain(window, sum, nanoUsd, names),
  }
}

const explain = (window: Window, sum: Sum | undefined, nanoUsd: number, names: string[]) => {
  if (!sum)
    return 'Booked at a list price, as no tokens were counted, and the bill has no such sum.'
  const isSamePrice = !sum.isCounted || sum.rows === 0 || sum.billedTokens !== sum.bookedTokens
  if (!isSamePrice) {
    const price = (nano: number) => `$${(nano / 1_000 / sum.billedTokens).toFixed(6)}`
    return `The tokens are the same and their price is not: billed at ${price(sum.billedNanoUsd)} a million, booked at ${price(sum.bookedNanoUsd)}.`
  }
  if (nanoUsd < 0) {
    const what = sum.rows === 0 ? 'the bill has no such row' : 'the bill has less'
    return `Booked, and ${what}${names.length > 0 ? ': as much as one of these calls' : ''}.`
  }
  if (names.length > 0) return 'Billed, and not booked: as much again as one of these calls.'
  if (window.calls === 0) return 'Billed, and no call of this model is booked for these days.'
  return window.estimates.length > 0
    ? `Billed, and not booked: more than ${window.estimates.length} calls of unknown cost can have cost.`
    : 'Billed, and not booked.'
}

const MAX_NAMES = 5

/** Of each window with something left over, calls of which one alone would make it even. */
const nameCalls = async (
  gaps: readonly Gap[],
  readCalls: ReadCalls,
  { calendar }: Span,
  toleranceNanoUsd: number,
): Promise<Map<Window, string[]>> => {
  const names = new Map<Window, string[]>()
  const open = new Map<Window, Gap[]>()
  for (const gap of gaps) open.set(gap.window, [...(open.get(gap.window) ?? []), gap])
  for (const [window, own] of open) {
    const account = own[0]?.account
    if (!account) continue
    const [start, end] = [calendar.startOf(window.first), calendar.startOf(addDays(window.last, 1))]
    const found: string[] = []
    for await (const call of readCalls(start, end)) {
      if (found.length >= MAX_NAMES) break
      if (isMade(own, account, call, toleranceNanoUsd)) found.push(nameCall(call))
    }
    if (found.length > 0) names.set(window, found)
  }
  return names
}

/** True of a call whose parts are what is left over, whichever side has it. */
const isMade = (
  gaps: readonly Gap[],
  account: Account,
  call: BookedCall,
  toleranceNanoUsd: number,
): boolean => {
  const isOfAccount = call.model === account.model && call.parts !== undefined
  if (!isOfAccount || (call.tier !== account.tier && account.tier !== 'standard')) return false
  const byKind = new Map<string, number>()
  for (const { kind, nanoUsd } of call.parts ?? []) {
    const line = chooseKind(kind, account.kinds)
    byKind.set(line, (byKind.get(line) ?? 0) + nanoUsd)
  }
  const parts = [...byKind].filter(([, nanoUsd]) => nanoUsd > toleranceNanoUsd)
  return (
    parts.length === gaps.length &&
    gaps.every(
      ({ kind, nanoUsd }) =>
        Math.abs(Math.abs(nanoUsd) - (byKind.get(kind) ?? 0)) <= toleranceNanoUsd,
    )
  )
}
