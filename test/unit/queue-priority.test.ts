import { expect, test } from '@jest/globals'
import { priorityOf } from '../../src/adapters/queue/generation-queue.ts'

type Job = Parameters<typeof priorityOf>[0]

test('jobs run in this order', () => {
  const jobs: Job[] = [
    { lane: 'interactive', place: 0 },
    { lane: 'interactive', place: 1 },
    { lane: 'interactive', place: 999 },
    { lane: 'eager', place: 0 },
    { lane: 'eager', place: 1 },
  ]
  const priorities = jobs.map(priorityOf)
  expect(priorities).toEqual([...priorities].sort((a, b) => a - b))
  expect(new Set(priorities).size).toBe(jobs.length)
  // BullMQ runs what has no priority before everything else.
  expect(Math.min(...priorities)).toBeGreaterThanOrEqual(1)
  expect(Math.max(...priorities)).toBeLessThanOrEqual(2_097_151)
})
