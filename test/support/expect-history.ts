import { expect } from '@jest/globals'
import type { Database } from '../../db/database.ts'
import { listOwners } from '../../src/features/analytics/owners.ts'
import { listPoints, summarize } from '../../src/features/analytics/report.ts'
import { countByHand } from './count-by-hand.ts'
import { expectFigures } from './expect-figures.ts'
import { HISTORY, isLively } from './history.ts'

/** Every day of everyone and of one owner, and the days as a whole. */
export const expectHistory = async (database: Database): Promise<void> => {
  for (const ownerId of [undefined, 'bob']) {
    const owned = ownerId === undefined ? {} : { ownerId }
    const { points } = await listPoints(database, HISTORY, ownerId)
    for (const { day, ...figures } of points.filter((point) => isLively(point.day))) {
      expectFigures(figures, await countByHand(database, { from: day, to: day, ...owned }))
    }
    expect(points.filter(({ day, total }) => total > 0 && !isLively(day))).toEqual([])
    const { figures, previous } = await summarize(
      database,
      { from: '2026-03-01', to: '2026-04-01' },
      ownerId,
    )
    expectFigures(
      figures,
      await countByHand(database, { from: '2026-03-01', to: '2026-04-01', ...owned }),
    )
    expectFigures(previous.figures, await countByHand(database, { ...previous, ...owned }))
  }
}

/** Ranges with and without whole months. */
const RANGES = [
  HISTORY,
  { from: '2026-01-01', to: '2026-03-31' },
  { from: '2026-01-02', to: '2026-03-30' },
  { from: '2026-02-28', to: '2026-03-01' },
]

/** Each owner's line, over each of the ranges. */
export const expectOwners = async (database: Database): Promise<void> => {
  for (const range of RANGES) {
    const { owners } = await listOwners(database, { ...range, sort: 'owner', limit: 10 })
    expect(owners.map(({ owner }) => owner)).toEqual(['alice', 'bob', 'carol'])
    for (const { owner, ...figures } of owners) {
      const { durationMs, ...byHand } = await countByHand(database, { ...range, ownerId: owner })
      expectFigures({ ...figures, durationMs: null }, { ...byHand, durationMs: null })
    }
  }
}
