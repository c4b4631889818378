import { describe, expect, test } from '@jest/globals'
import { measurePrecision } from '../../src/features/similarity/precision.ts'

describe('the precision of similar images', () => {
  /**
   * R. G. Newcombe, "Two-sided confidence intervals for the single proportion: comparison of seven methods", Statistics in
   * Medicine 17 (1998), table I, the score method without correction.
   */
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('lies in the published interval for %i of %i', (accepted, judged, low, high) => {
    const measured = measurePrecision({ accepted, rejected: judged - accepted })
    expect(measured.precision).toBe(accepted / judged)
    expect(measured.low).toBeCloseTo(low, 4)
    expect(measured.high).toBeCloseTo(high, 4)
  })

  test('is the same looked at from the other side, and ends at 1 where all are right', () => {
    const few = measurePrecision({ accepted: 1, rejected: 28 })
    const many = measurePrecision({ accepted: 28, rejected: 1 })
    expect(many.low).toBeCloseTo(1 - (few.high ?? 0), 12)
    expect(measurePrecision({ accepted: 20, rejected: 0 })).toMatchObject({
      precision: 1,
      low: expect.closeTo(1 - 0.1611, 4),
      high: 1,
    })
  })

  test('is unknown while nobody has said anything', () => {
    const unknown = { accepted: 0, rejected: 0, precision: null, low: null, high: null }
    expect(measurePrecision({ accepted: 0, rejected: 0 })).toEqual(unknown)
  })
})
