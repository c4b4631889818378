import type { BillDifference, Reconciliation } from '../../contract/reconciliation.ts'

import type { Compared, Difference } from './compared.ts'
import type { ReconcileOptions } from './options.ts'
import type { Span, WholeBill } from './read-whole-bill.ts'
import type { Report } from './results.ts'

/** Of each side so many are told one by one. */
const MAX_ITEMS = 1_000

/** What came of it all, in dollars. Without `compared` the bill has no row of ours. */
export const sumUp = (
  read: WholeBill,
  span: Span | undefined,
  compared: Compared | undefined,
  { isToSettle }: ReconcileOptions,
): Report => {
  const differences = compared?.differences ?? []
  const more = differences.filter((each) => differenceOf(each) > 0)
  const less = differences.filter((each) => differenceOf(each) <= 0)
  const unexplained = differences.reduce(
    (sum, { rows, billedNanoUsd }) => ({
      rows: sum.rows + rows,
      nanoUsd: sum.nanoUsd + (rows > 0 ? billedNanoUsd : 0),
    }),
    { rows: 0, nanoUsd: 0 },
  )
  const { booked, pending, verdicts = [] } = compared ?? {}
  return {
    isExplained: differences.length === 0 && read.badCount === 0,
    provider: read.form.provider,
    form: read.form.isByCall ? 'calls' : 'days',
    zone: read.form.zone,
    from: span?.from ?? null,
    through: span?.through ?? null,
    toleranceUsd: toUsd(read.form.toleranceNanoUsd),
    bill: {
      rows: read.rows,
      usd: toUsd(read.nanoUsd),
      creditsUsd: toUsd(read.creditsNanoUsd),
    },
    explained: {
      rows: read.rows - unexplained.rows,
      usd: toUsd(read.nanoUsd - unexplained.nanoUsd),
    },
    booked: {
      calls: booked?.calls ?? 0,
      usd: toUsd(booked?.nanoUsd ?? 0),
      estimates: booked?.estimates ?? 0,
    },
    billedNotBooked: present(more),
    bookedNotBilled: present(less),
    pending: { calls: pending?.calls ?? 0, usd: toUsd(pending?.nanoUsd ?? 0) },
    aside: [...read.aside].map(([reason, { rows, nanoUsd }]) => ({
      reason,
      rows,
      usd: toUsd(nanoUsd),
    })),
    bad: { count: read.badCount, items: read.bad },
    kinds: (compared?.kinds ?? [])
      .sort((a, b) => b.billedNanoUsd + b.bookedNanoUsd - a.billedNanoUsd - a.bookedNanoUsd)
      .map(({ billedNanoUsd, bookedNanoUsd, ...kind }) => ({
        ...kind,
        billedUsd: toUsd(billedNanoUsd),
        bookedUsd: toUsd(bookedNanoUsd),
        differenceUsd: toUsd(billedNanoUsd - bookedNanoUsd),
      })),
    estimates: {
      isSettled: isToSettle,
      calls: verdicts.length,
      fromUsd: toUsd(verdicts.reduce((sum, { fromNanoUsd }) => sum + fromNanoUsd, 0)),
      toUsd: toUsd(verdicts.reduce((sum, { toNanoUsd }) => sum + toNanoUsd, 0)),
      absent: verdicts.filter(({ basis }) => basis === 'absent').length,
    },
  }
}

const differenceOf = ({ billedNanoUsd, bookedNanoUsd }: Difference): number =>
  billedNanoUsd - bookedNanoUsd

const present = (differences: readonly Difference[]): Reconciliation['billedNotBooked'] => ({
  count: differences.length,
  usd: toUsd(differences.reduce((sum, each) => sum + Math.abs(differenceOf(each)), 0)),
  items: [...differences]
    .sort((a, b) => Math.abs(differenceOf(b)) - Math.abs(differenceOf(a)))
    .slice(0, MAX_ITEMS)
    .map(
      ({ rows: _, billedNanoUsd, bookedNanoUsd, ...each }): BillDifference => ({
        ...each,
        billedUsd: toUsd(billedNanoUsd),
        bookedUsd: toUsd(bookedNanoUsd),
        differenceUsd: toUsd(billedNanoUsd - bookedNanoUsd),
      }),
    ),
})

/** A bill may be finer than a billionth: told to it. */
const toUsd = (nanoUsd: number): number => Math.round(nanoUsd) / 1e9
