import { beforeAll, describe, expect, test } from '@jest/globals'
import baseline from '../../bench/baseline.json' with { type: 'json' }
import type { Counts } from '../support/counted-postgres.ts'
import { countHotOperations, type HotCounts } from '../support/hot-counts.ts'

/* Counts are the same on every machine and under every load; `npm run bench -- --only=counts --update` writes them down anew. */

/** Where a row falls on its page changes the log by some bytes. */
const TOLERANCE = 0.05
/** A page more or less. */
const TOLERATED_BLOCKS = 3

const expectedCounts: Record<
  string,
  Pick<Counts, 'statements' | 'plans' | 'blocks' | 'walBytes'>
> = baseline.counts

let found: HotCounts

beforeAll(async () => {
  found = await countHotOperations()
})

describe('costs what is written down', () => {
  test.each(Object.entries(expectedCounts))('%s', (name, expected) => {
    const counts = found.counts[name]
    expect(counts?.statements).toBe(expected.statements)
    expect(counts?.plans).toBe(expected.plans)
    expectNear(counts?.walBytes, expected.walBytes, expected.walBytes * TOLERANCE)
    const blocks = expected.blocks * TOLERANCE + TOLERATED_BLOCKS
    expectNear(counts?.blocks, expected.blocks, blocks)
  })

  test('all that is counted', () => {
    expect(Object.keys(found.counts).sort()).toEqual(Object.keys(expectedCounts).sort())
  })
})

const expectNear = (actual = Number.NaN, expected: number, tolerance: number) => {
  expect(actual).toBeGreaterThanOrEqual(expected - tolerance)
  expect(actual).toBeLessThanOrEqual(expected + tolerance)
}

test('a submission writes 2,500 bytes at most', () => {
  expect(found.counts.submission?.walBytes).toBeLessThanOrEqual(2_500)
})

test('a submission looks at no more than the hundred ahead, however many its owner has in flight', () => {
  const [few, many] = [found.counts.submission, found.counts['submission beside 1,000 in flight']]
  expect(many?.blocks).toBeLessThanOrEqual((few?.blocks ?? 0) + 100)
})

test.each(['claim', 'completion'])('a %s looks at no more, however many are in flight', (name) => {
  const [few, many] = [found.counts[name], found.counts[`${name} beside 10,000 in flight`]]
  expect(many?.blocks).toBeLessThanOrEqual((few?.blocks ?? 0) + 20)
})

test('what waits and has its job is looked at, and not written', () => {
  const sweep = found.counts['sweep of 10,000 with their jobs']
  expect(sweep?.walBytes).toBe(0)
})

test('most changes of a generation touch no index', () => {
  expect(found.hotShare).toBeGreaterThanOrEqual(0.5)
})

test('indexes are no larger than what they find', () => {
  for (const [name, share] of Object.entries(found.indexShares)) {
    expect({ name, isLarger: share > 1 }).toEqual({ name, isLarger: false })
  }
})
