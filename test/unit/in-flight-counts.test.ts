import { expect, test } from '@jest/globals'
import { createInFlightCounts } from '../../src/generation/state/in-flight-counts.ts'

let nowMs = 0
const create = () => createInFlightCounts(() => nowMs)

test('a count is good for a second, with what was added since', () => {
  const counts = create()
  counts.note('alice', 100, true)
  expect(counts.find('alice')).toBe(100)
  nowMs += 900
  counts.note('alice', 103, false)
  expect(counts.find('alice')).toBe(103)
  expect(counts.find('bob')).toBeUndefined()
  nowMs += 100
  expect(counts.find('alice')).toBeUndefined()
})

test('few are counted each time', () => {
  const counts = create()
  counts.note('alice', 100, true)
  counts.note('alice', 10, true)
  expect(counts.find('alice')).toBeUndefined()
  counts.note('alice', 31, true)
  expect(counts.find('alice')).toBeUndefined()
})

test('what was taken from a count that is over meanwhile is no new count', () => {
  const counts = create()
  counts.note('alice', 100, true)
  nowMs += 1_000
  expect(counts.find('alice')).toBeUndefined()
  counts.note('alice', 101, false)
  expect(counts.find('alice')).toBeUndefined()
})

test('an owner who is counted again has a second from then on', () => {
  const counts = create()
  counts.note('alice', 100, true)
  nowMs += 500
  counts.note('bob', 50, true)
  counts.note('alice', 200, true)
  nowMs += 600
  expect([counts.find('alice'), counts.find('bob')]).toEqual([200, 50])
})
