import { addDays, type Calendar, type Day, laterOf } from './bill/days.ts'
import type { BillRow } from './bill/row.ts'
import { chooseKind, readSku, type SkuReading } from './bill/sku.ts'
import type { BookedCall } from './calls.ts'
import type { SkuKind, TokenKind } from './kinds.ts'
import { addLine, createLines, type Lines } from './lines.ts'

/** What both sides say of one kind of token, in billionths of a US dollar. */
export type Sum = {
  billedNanoUsd: number
  bookedNanoUsd: number
  billedTokens: number
  bookedTokens: number
  /** False where some of the tokens were not counted. */
  isCounted: boolean
  skus: Set<string>
  rows: number
  lines: Lines
}

/** Some days of one model at one tier: as few as the bill tells apart. */
export type Window = {
  first: Day
  last: Day
  sums: Map<SkuKind, Sum>
  calls: number
  /** Of calls whose cost is known, and not what it was for. */
  wholeNanoUsd: number
  wholeCalls: number
  estimates: BookedCall[]
  /** Calls that may be on the bill of the day before or after as well. */
  straddlers: BookedCall[]
}

export type Account = { model: string; tier: string; kinds: Set<SkuKind>; windows: Window[] }

/** Rows of the same SKU and days, added up as they are read. */
export type SkuDays = {
  first: Day
  last: Day
  sku: string
  stated: Pick<BillRow, 'model' | 'kind' | 'tier'>
  skuId: string | undefined
  nanoUsd: number
  tokens: number
  rows: number
  lines: Lines
}

/** Rows by SKU and day; a bill of years has a few thousand of these. */
export const createSkuDays = ({ dayOf }: Calendar) => {
  const groups = new Map<string, SkuDays>()
  const add = (row: BillRow): void => {
    const [first, last] = daysOf(row.when, dayOf)
    const { model, kind, tier, sku, skuId } = row
    const key = JSON.stringify([first, last, sku, skuId, model, kind, tier])
    let group = groups.get(key)
    if (!group) {
      group = {
        first,
        last,
        sku,
        skuId,
        stated: { model, kind, tier },
        nanoUsd: 0,
        tokens: 0,
        rows: 0,
        lines: createLines(),
      }
      groups.set(key, group)
    }
    group.nanoUsd += row.nanoUsd
    group.tokens += row.quantity ?? 0
    group.rows++
    addLine(group.lines, row.line)
  }
  return { add, list: (): SkuDays[] => [...groups.values()] }
}

/** An hour that ends at midnight is of the day before. */
const daysOf = (when: BillRow['when'], dayOf: Calendar['dayOf']): [Day, Day] => {
  if ('first' in when) return [when.first, when.last]
  const first = dayOf(when.at)
  return [first, when.until > when.at ? dayOf(when.until - 1) : first]
}

export type SkuNames = Record<string, { [Part in keyof SkuReading]?: SkuReading[Part] | undefined }>

/**
 * The bill's side: accounts by model and tier with their windows, and what is of no model of ours. `named` says of a SKU, by its id or
 * description, what it is.
 */
export const openAccounts = (
  groups: readonly SkuDays[],
  models: readonly string[],
  named: SkuNames,
): { accounts: Map<string, Account>; strangers: SkuDays[] } => {
  const accounts = new Map<string, Account>()
  const strangers: SkuDays[] = []
  const read = groups.map((group) => ({ group, reading: readingOf(group, models, named) }))
  for (const { group, reading } of read) {
    const { model, tier, kind } = reading
    if (model === undefined) strangers.push(group)
    else accountOf(accounts, model, tier).kinds.add(kind)
  }
  for (const account of accounts.values()) {
    const own = read.filter(
      ({ reading }) => reading.model === account.model && reading.tier === account.tier,
    )
    account.windows = joinDays(own.map(({ group }) => group))
    for (const { group, reading } of own) {
      const window = findWindow(account, group.first)
      if (window) addBilled(sumOf(window, reading.kind), group)
    }
  }
  return { accounts, strangers }
}

const readingOf = (group: SkuDays, models: readonly string[], named: SkuNames): SkuReading => {
  const chosen = named[group.skuId ?? ''] ?? named[group.sku] ?? {}
  const { model, tier, kind } = readSku(group.sku, group.stated, models)
  return {
    model: chosen.model ?? model,
    tier: chosen.tier ?? tier,
    kind: chosen.kind ?? kind,
  }
}

export const accountOf = (accounts: Map<string, Account>, model: string, tier: string): Account => {
  const key = `${model} ${tier}`
  const account = accounts.get(key) ?? { model, tier, kinds: new Set(), windows: [] }
  accounts.set(key, account)
  return account
}

/** Days that some row has together are one window. */
const joinDays = (groups: readonly Pick<SkuDays, 'first' | 'last'>[]): Window[] => {
  const sorted = [...groups].sort((a, b) => (a.first < b.first ? -1 : 1))
  const windows: Window[] = []
  for (const { first, last } of sorted) {
    const before = windows.at(-1)
    if (before && first <= before.last) before.last = laterOf(before.last, last)
    else windows.push(createWindow(first, last))
  }
  return windows
}

const createWindow = (first: Day, last: Day): Window => ({
  first,
  last,
  sums: new Map(),
  calls: 0,
  wholeNanoUsd: 0,
  wholeCalls: 0,
  estimates: [],
  straddlers: [],
})

const findWindow = ({ windows }: Account, day: Day): Window | undefined =>
  windows.find(({ first, last }) => first <= day && day <= last)

export const sumOf = ({ sums }: Window, kind: SkuKind): Sum => {
  const sum = sums.get(kind) ?? {
    billedNanoUsd: 0,
    bookedNanoUsd: 0,
    billedTokens: 0,
    bookedTokens: 0,
    isCounted: true,
    skus: new Set<string>(),
    rows: 0,
    lines: createLines(),
  }
  sums.set(kind, sum)
  return sum
}

const addBilled = (sum: Sum, { nanoUsd, tokens, rows, sku, lines }: SkuDays): void => {
  sum.billedNanoUsd += nanoUsd
  sum.billedTokens += tokens
  sum.rows += rows
  sum.skus.add(sku)
  for (const [first, last] of lines.ranges) {
    for (let line = first; line <= last; line++) addLine(sum.lines, line)
  }
  sum.lines.count += lines.count - lines.ranges.reduce((all, [a, b]) => all + b - a + 1, 0)
}

/** A clock of the provider's may be so much off, and its answer be billed when it is whole. */
const SLACK_MS = 5_000

/** The books' side: a call in the window of its day, which is made where the bill has none. */
export const addBooked = (
  accounts: Map<string, Account>,
  call: BookedCall,
  { dayOf }: Calendar,
): void => {
  const account = findAccount(accounts, call)
  const day = dayOf(call.startedAt)
  const window = windowAt(account, day)
  window.calls++
  addCall(window, account, call, 1)
  const [early, late] = [dayOf(call.startedAt - SLACK_MS), dayOf(call.endedAt + SLACK_MS)]
  if (early < window.first || late > window.last) window.straddlers.push(call)
}

/** A bill that tells no tiers apart has them all at once. */
const findAccount = (accounts: Map<string, Account>, { model, tier }: BookedCall): Account =>
  accounts.get(`${model} ${tier}`) ??
  (accounts.has(`${model} standard`)
    ? accountOf(accounts, model, 'standard')
    : accountOf(accounts, model, tier))

const windowAt = (account: Account, day: Day): Window => {
  const found = findWindow(account, day)
  if (found) return found
  const made = createWindow(day, day)
  const at = account.windows.findIndex(({ first }) => first > day)
  account.windows.splice(at < 0 ? account.windows.length : at, 0, made)
  return made
}

/** Adds a call, or with a `sign` of -1 takes it away again. */
export const addCall = (window: Window, account: Account, call: BookedCall, sign: 1 | -1): void => {
  if (call.isEstimate) {
    if (sign === 1) window.estimates.push(call)
    else window.estimates = window.estimates.filter((each) => each !== call)
    return
  }
  if (!call.parts) {
    window.wholeNanoUsd += sign * call.costNanoUsd
    window.wholeCalls += sign
    return
  }
  for (const { kind, tokens, nanoUsd } of call.parts) {
    const sum = sumOf(window, chooseKind(kind satisfies TokenKind, account.kinds))
    sum.bookedNanoUsd += sign * nanoUsd
    if (tokens === undefined) sum.isCounted = false
    else sum.bookedTokens += sign * tokens
  }
}

export const isNextDay = (before: Window, after: Window): boolean =>
  addDays(before.last, 1) === after.first
