import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { costOfTokens } from '../../src/adapters/providers/cost-of-tokens.ts'
import { formatUsd, parseNanoUsd, toNanoUsd, toNanoUsdDigits, toUsd } from '../../src/lib/money.ts'

/** Up to where a number of dollars tells every billionth apart. */
const anyNano = fc.integer({ min: -4_000_000_000_000_000, max: 4_000_000_000_000_000 })

describe('an amount', () => {
  test('in dollars and back is the same to the last billionth', () => {
    fc.assert(
      fc.property(anyNano, (nano) => {
        expect(toNanoUsd(toUsd(nano)) + 0).toBe(nano + 0)
        expect(Number(formatUsd(nano)) + 0).toBe(toUsd(nano) + 0)
        expect(toNanoUsd(JSON.parse(JSON.stringify(toUsd(nano)))) + 0).toBe(nano + 0)
      }),
      { numRuns: 2_000 },
    )
  })

  // biome-ignore format: a table
  test.each([
    [0.1 + 0.2,             300_000_000],
    [1e-9,                  1],
    [1 / 3,                 333_333_333],
    [2 / 3,                 666_666_667],
    [4e-10,                 0],
    [6e-10,                 1],
    [0.033618,              33_618_000],
    [3_999_999.123_456_789, 3_999_999_123_456_789],
    [-1 / 3,                -333_333_333],
    [-1e-12,                0],
  ])('of %s dollars is the nearest billionth', (usd, nano) => {
    expect(toNanoUsd(usd)).toBe(nano)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 9_007_199.3, -1e30])(
    'of %s is refused',
    (usd) => {
      expect(() => toNanoUsd(usd)).toThrow(RangeError)
    },
  )

  test('is written in as few digits as it has', () => {
    expect([0, 1, -1, 1_000_000_000, 134_000_000, 12_345_678_901].map(formatUsd)).toEqual([
      '0',
      '0.000000001',
      '-0.000000001',
      '1',
      '0.134',
      '12.345678901',
    ])
  })
})

test('a sum beyond what a number holds loses nothing', () => {
  const digits = '123456789012345678901'
  expect(parseNanoUsd(digits)).toBe(BigInt(digits))
  expect(formatUsd(parseNanoUsd(digits))).toBe('123456789012.345678901')
  expect(toUsd(parseNanoUsd(digits))).toBe(123_456_789_012.345_67)
  expect(parseNanoUsd('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER)
  expect(parseNanoUsd('9007199254740993')).toBe(9_007_199_254_740_993n)
  expect(toNanoUsdDigits(1_000_000_000)).toBe('1000000000000000000')
})

test('tokens cost what they cost together, rounded once', () => {
  const sixth: [number, number] = [1, 0.000_15]
  // Each alone is 0.15 billionths, and none of them together.
  expect(costOfTokens([sixth])).toBe(0)
  expect(costOfTokens(Array(7).fill(sixth))).toBe(1)
  expect(
    costOfTokens([
      [1_120, 30],
      [80, 7.5],
    ]),
  ).toBe(34_200_000)
  expect(costOfTokens([[Number.POSITIVE_INFINITY, 100_000]])).toBe(Number.MAX_SAFE_INTEGER)
})

test('no statement reads money that is kept in floating point', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name))
  const reading = files.filter((file) => FLOATS.test(readFileSync(file, 'utf8')))
  expect(files.length).toBeGreaterThan(300)
  expect(reading).toEqual([])
})

/** The columns of the release before, and what makes an integer of one; the attribute of a span and a column of a bill are none. */
const FLOATS = /(?<!imageonce\.|')\b(cost_usd|held_usd|embedding_cost_usd)\b|\bto_nano_usd\(/
