import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { parseConfig } from '../../src/app/config.ts'
import { decideRetryWait, parseRetryAfter } from '../../src/features/webhooks/schedule.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const { retryWaitsMs } = parseConfig({}).webhooks
const at = new Date('2026-11-22T12:00:00Z')
const failed = { statusCode: 500, retryAfter: undefined, at }

describe('the retry schedule', () => {
  test('is that of Standard Webhooks, ten attempts in all, each wait up to a fifth longer', () => {
    const expected = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    expect(retryWaitsMs).toEqual(expected.map((seconds) => seconds * SECOND_MS))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), (failures) => {
        const waitMs = decideRetryWait(retryWaitsMs, { ...failed, failures }) ?? 0
        const plain = (expected[failures - 1] ?? 0) * SECOND_MS
        expect(waitMs).toBeGreaterThanOrEqual(plain)
        expect(waitMs).toBeLessThanOrEqual(1.2 * plain)
      }),
    )
    expect(decideRetryWait(retryWaitsMs, { ...failed, failures: 10 })).toBeUndefined()
  })

  test.each([
    [429, '60', 60 * SECOND_MS],
    [503, '60', 60 * SECOND_MS],
    [503, '9999999', 24 * HOUR_MS],
    [500, '60', 0],
    [429, 'Sun, 22 Nov 2026 12:01:00 GMT', 60 * SECOND_MS],
    [429, 'soon', 0],
  ])('after %i with Retry-After %s waits at least so long', (statusCode, retryAfter, atLeast) => {
    const waitMs = decideRetryWait([0], { failures: 1, statusCode, retryAfter, at })
    expect(waitMs).toBe(atLeast)
  })

  test('takes a date as well, and one in the past for none', () => {
    const now = Date.parse('2026-11-22T12:00:00Z')
    expect(parseRetryAfter('Sun, 22 Nov 2026 12:01:00 GMT', now)).toBe(60 * SECOND_MS)
    expect(parseRetryAfter('Sun, 22 Nov 2026 11:00:00 GMT', now)).toBe(0)
    expect(parseRetryAfter(undefined, now)).toBe(0)
  })
})
