import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createQueryTimes } from '../../src/adapters/metrics/database.ts'

const WINDOW_MS = 5_000

test('what 95 of 100 statements took is told within 5 %', () => {
  const durations = fc.array(fc.double({ min: 0.2, max: 15_000, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(durations, (all) => {
      const times = createQueryTimes(WINDOW_MS, () => 0)
      for (const durationMs of all) times.record(durationMs)
      const { count, p95Ms } = times.read()
      const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * 0.95) - 1] ?? 0
      expect(count).toBe(all.length)
      expect((p95Ms ?? 0) / exact).toBeGreaterThan(0.95)
      expect((p95Ms ?? 0) / exact).toBeLessThan(1.05)
    }),
  )
})

test('only what was in the window counts, and nothing is nothing', () => {
  let now = 0
  const times = createQueryTimes(WINDOW_MS, () => now)
  expect(times.read()).toEqual({ count: 0, p95Ms: null })
  times.record(1_000)
  now = WINDOW_MS - 1
  times.record(1)
  expect(times.read().count).toBe(2)
  now = WINDOW_MS
  expect(times.read()).toEqual({ count: 1, p95Ms: expect.closeTo(1, 1) })
  now = 10 * WINDOW_MS
  expect(times.read()).toEqual({ count: 0, p95Ms: null })
  for (const durationMs of [0, 0.05, 1e9]) times.record(durationMs)
  expect(times.read().count).toBe(3)
})
