import { describe, expect, test } from '@jest/globals'
import { createWindowCounts } from '../../src/lib/window-counts.ts'

const setUp = (maxKeys = 1_000) => {
  const clock = { atMs: 0 }
  const counts = createWindowCounts({ windowMs: 60_000, maxKeys, now: () => clock.atMs })
  const take = (key: string, limit: number, points = 1) =>
    counts.take(key, limit, { points, isShared: true })
  return { clock, counts, take }
}

describe('counting by key', () => {
  test('takes as often as the limit says, and again when the window that the first began is over', () => {
    const { clock, take } = setUp()
    expect([take('a', 2), take('a', 2), take('a', 2)].map(({ isTaken }) => isTaken)).toEqual([
      true,
      true,
      false,
    ])
    clock.atMs = 59_999
    expect(take('a', 2)).toEqual({ isTaken: false, remaining: 0, resetMs: 1 })
    expect(take('b', 2).isTaken).toBe(true)
    clock.atMs = 60_000
    expect(take('a', 2)).toEqual({ isTaken: true, remaining: 1, resetMs: 60_000 })
  })

  test('takes all of several points or none', () => {
    const { take } = setUp()
    expect(take('a', 10, 8).remaining).toBe(2)
    expect(take('a', 10, 3)).toMatchObject({ isTaken: false, remaining: 2 })
    expect(take('a', 10, 2)).toMatchObject({ isTaken: true, remaining: 0 })
  })

  test('tells others of whoever has an eighth of a limit, and of nobody else', () => {
    const { counts, take } = setUp()
    take('seldom', 100)
    take('often', 8)
    expect(counts.takeUntold(100)).toEqual([{ key: 'often', points: 1 }])
    expect(counts.takeUntold(100)).toEqual([])
  })

  test('goes on from what all have counted, and with what came meanwhile', () => {
    const { counts, take } = setUp()
    take('a', 8)
    counts.takeUntold(100)
    take('a', 8)
    counts.adopt('a', { used: 6, leftMs: 10_000 })
    expect(take('a', 8)).toEqual({ isTaken: true, remaining: 0, resetMs: 10_000 })
    expect(take('a', 8).isTaken).toBe(false)
    expect(counts.takeUntold(100)).toEqual([{ key: 'a', points: 2 }])
  })

  test('forgets what was put back', () => {
    const { counts, take } = setUp()
    take('a', 1)
    counts.putBack('a')
    expect(counts.takeUntold(100)).toEqual([])
    expect(take('a', 1).isTaken).toBe(true)
    expect(counts.takeUntold(100)).toEqual([{ key: 'a', points: 1 }])
  })

  test('tells later what it could not tell', () => {
    const { counts, take } = setUp()
    take('a', 8)
    const [untold] = counts.takeUntold(100)
    if (untold) counts.giveBack(untold)
    take('a', 8)
    expect(counts.takeUntold(100)).toEqual([{ key: 'a', points: 2 }])
  })

  test('keeps no more than so many, and forgets the oldest first', () => {
    const { take } = setUp(3)
    for (const key of ['a', 'b', 'c', 'd']) take(key, 1)
    expect(take('d', 1).isTaken).toBe(false)
    expect(take('a', 1).isTaken).toBe(true)
  })
})
