import { expect } from '@jest/globals'
import type { Figures } from '../../src/contract/analytics.ts'
import type { CountedByHand } from './count-by-hand.ts'

/** What the percentiles may be off by, beside the half millisecond that they are rounded by. */
const MAX_ERROR = 0.025

/** Every figure is as counted by hand: to the cent's billionth part for money, within the bound for percentiles. */
export const expectFigures = (
  {
    durationMs,
    reuseRate,
    successRate,
    halfPriceUsd,
    spendUsd,
    estimatedUsd,
    savedUsd,
    ...counts
  }: Figures,
  byHand: CountedByHand,
): void => {
  expect(counts).toEqual({
    total: byHand.total,
    started: byHand.started,
    skipped: byHand.skipped,
    clientSkipped: byHand.clientSkipped,
    completed: byHand.completed,
    failed: byHand.failed,
    canceled: byHand.canceled,
    calls: byHand.calls,
    paidCalls: byHand.paidCalls,
    halfPriceCalls: byHand.halfPriceCalls,
  })
  expect(halfPriceUsd).toBeCloseTo(byHand.halfPriceUsd, 9)
  expect(spendUsd).toBeCloseTo(byHand.spendUsd, 9)
  expect(estimatedUsd).toBeCloseTo(byHand.estimatedUsd, 9)
  expect(savedUsd).toBeCloseTo(byHand.savedUsd, 9)
  expectRate(reuseRate, byHand.reuseRate)
  expectRate(successRate, byHand.successRate)
  if (!byHand.durationMs) {
    expect(durationMs).toBeNull()
    return
  }
  for (const name of ['p50', 'p95'] as const) {
    const difference = Math.abs((durationMs?.[name] ?? 0) - byHand.durationMs[name])
    expect(difference).toBeLessThanOrEqual(byHand.durationMs[name] * MAX_ERROR + 0.5)
  }
  expect(durationMs?.mean).toBe(Math.round(byHand.durationMs.mean))
}

const expectRate = (rate: number | null, byHand: number | null) => {
  if (byHand === null) expect(rate).toBeNull()
  else expect(rate).toBeCloseTo(byHand, 9)
}
