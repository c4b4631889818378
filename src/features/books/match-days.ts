import { type Account, addCall, isNextDay, type Sum, type Window } from './accounts.ts'
import { type BookedCall, MAX_OF_ESTIMATE, type Verdict } from './calls.ts'
import type { SkuKind } from './kinds.ts'

/** What is left over of one kind of token in one window: the bill has more where it is above 0. */
export type Gap = { account: Account; window: Window; kind: SkuKind | 'whole'; nanoUsd: number }

export type DaysMatched = { gaps: Gap[]; verdicts: Verdict[] }

/** So many calls about a midnight are tried in all ways. */
const MAX_STRADDLERS = 12

/**
 * Compares each model's days at each tier, kind by kind and then as a whole. What the bill has besides the calls of known cost is that
 * of those of unknown cost, as far as it can be; what it lacks they did not cost. `isComplete` says of a day whether the bill is whole.
 */
export const matchDays = (
  accounts: Iterable<Account>,
  toleranceNanoUsd: number,
  isComplete: (window: Window) => boolean,
): DaysMatched => {
  const gaps: Gap[] = []
  const verdicts: Verdict[] = []
  for (const account of accounts) {
    moveStraddlers(account, toleranceNanoUsd)
    for (const window of account.windows) {
      const settled = settleWindow(window, toleranceNanoUsd, isComplete(window))
      if (settled) verdicts.push(...settled)
      else gaps.push(...listGaps(account, window, toleranceNanoUsd))
    }
  }
  return { gaps, verdicts }
}

/**
 * What becomes of the window's estimates; undefined where something is left over that they don't explain. Each row is to be explained by
 * itself, but for what calls have cost of which nobody knows what it was for.
 */
const settleWindow = (
  window: Window,
  toleranceNanoUsd: number,
  isComplete: boolean,
): Verdict[] | undefined => {
  const { sums, estimates, wholeCalls } = window
  const differences = [...sums.values()].map(differenceOf)
  if (differences.some((difference) => difference < -toleranceNanoUsd)) return undefined
  const rest = restOf(window)
  const isEven =
    wholeCalls > 0
      ? Math.abs(rest) <= toleranceOf(window, toleranceNanoUsd)
      : differences.every((difference) => difference <= toleranceNanoUsd)
  if (isEven) return isComplete ? estimates.map(absent) : []
  if (rest < 0 || rest > MAX_OF_ESTIMATE * sumOfEstimates(estimates)) return undefined
  return isComplete ? share(estimates, Math.round(rest)) : []
}

/** Each row may be off by as much. */
const toleranceOf = ({ sums }: Window, toleranceNanoUsd: number): number =>
  toleranceNanoUsd * Math.max(1, [...sums.values()].filter(({ rows }) => rows > 0).length)

/** What the bill has more than the calls of known cost. */
const restOf = ({ sums, wholeNanoUsd }: Window): number =>
  [...sums.values()].reduce((rest, sum) => rest + differenceOf(sum), -wholeNanoUsd)

const differenceOf = ({ billedNanoUsd, bookedNanoUsd }: Sum): number =>
  billedNanoUsd - bookedNanoUsd

const sumOfEstimates = (estimates: readonly BookedCall[]): number =>
  estimates.reduce((sum, { costNanoUsd }) => sum + costNanoUsd, 0)

const absent = ({ table, id, startedAt, costNanoUsd }: BookedCall): Verdict => ({
  table,
  id,
  startedAt,
  fromNanoUsd: costNanoUsd,
  toNanoUsd: 0,
  basis: 'absent',
})

/** By what each was estimated at, to the billionth: the last have what is left. */
const share = (estimates: readonly BookedCall[], nanoUsd: number): Verdict[] => {
  let [left, weight] = [nanoUsd, sumOfEstimates(estimates)]
  return estimates.map(({ table, id, startedAt, costNanoUsd }) => {
    const own = weight === 0 ? 0 : Math.round((left * costNanoUsd) / weight)
    left -= own
    weight -= costNanoUsd
    const basis = estimates.length === 1 ? 'row' : 'share'
    return { table, id, startedAt, fromNanoUsd: costNanoUsd, toNanoUsd: own, basis }
  })
}

const listGaps = (account: Account, window: Window, toleranceNanoUsd: number): Gap[] => {
  const gaps: Gap[] = [...window.sums].map(([kind, sum]) => ({
    account,
    window,
    kind,
    nanoUsd: differenceOf(sum),
  }))
  if (window.wholeCalls > 0) {
    gaps.push({ account, window, kind: 'whole', nanoUsd: -window.wholeNanoUsd })
  }
  return gaps.filter(({ nanoUsd }) => Math.abs(nanoUsd) > toleranceNanoUsd)
}

/** Calls about midnight are the next day's where both days add up that way. */
const moveStraddlers = (account: Account, toleranceNanoUsd: number): void => {
  const fits = (window: Window) =>
    Math.abs(restOf(window)) <= toleranceOf(window, toleranceNanoUsd) && hasNoGap(window)
  const hasNoGap = (window: Window) =>
    [...window.sums.values()].every((sum) => Math.abs(differenceOf(sum)) <= toleranceNanoUsd)
  account.windows.forEach((window, at) => {
    const next = account.windows[at + 1]
    if (!next || !isNextDay(window, next) || (fits(window) && fits(next))) return
    const both = [...window.straddlers, ...next.straddlers].filter(({ isEstimate }) => !isEstimate)
    if (both.length === 0 || both.length > MAX_STRADDLERS) return
    const move = (call: BookedCall) => {
      const [from, to] = window.straddlers.includes(call) ? [window, next] : [next, window]
      addCall(from, account, call, -1)
      addCall(to, account, call, 1)
      from.straddlers = from.straddlers.filter((each) => each !== call)
      to.straddlers.push(call)
    }
    for (let choice = 1; choice < 2 ** both.length; choice++) {
      const chosen = both.filter((_, i) => choice & (1 << i))
      for (const call of chosen) move(call)
      if (fits(window) && fits(next)) return
      for (const call of [...chosen].reverse()) move(call)
    }
  })
}
