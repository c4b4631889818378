import { expect, test } from '@jest/globals'
import { type Series, slopePerHour } from '../soak/slope.ts'

const line = (perSecond: number): Series =>
  Array.from({ length: 20 }, (_, n) => [n * 10, 100 + n * 10 * perSecond] as const)

test('the slope of a line is what it rises in an hour', () => {
  expect(slopePerHour(line(0.01))).toBeCloseTo(36)
  expect(slopePerHour(line(-0.5))).toBeCloseTo(-1_800)
  expect(slopePerHour(line(0))).toBe(0)
})

test('single peaks do not move it', () => {
  const peaks = line(0.01).map(([at, value], n) => [at, n % 7 === 3 ? value + 500 : value] as const)
  expect(slopePerHour(peaks)).toBeCloseTo(36, 0)
})

test('too little to tell is no slope', () => {
  expect(slopePerHour([])).toBe(0)
  expect(slopePerHour([[0, 7]])).toBe(0)
})
