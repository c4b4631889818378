import { sql } from 'kysely'
import type { Database } from '../../db/database.ts'
import type { AnalyticsSummary, AnalyticsTimeseries } from '../contract/analytics.ts'
import { type DayRange, listDays, precede } from './days.ts'
import { readFigures, readModels } from './figures.ts'
import { readAsOf, readAtOnce } from './tail.ts'

/** Some days as a whole, and as many before them; of all owners without `ownerId`. */
export const summarize = (
  db: Database,
  range: DayRange,
  ownerId: string | undefined,
): Promise<AnalyticsSummary> =>
  readAtOnce(db, async (tx) => {
    const asOf = await readAsOf(tx)
    const before = precede(range)
    const figuresOf = await readFigures(
      tx,
      { from: before.from, to: range.to, ownerId },
      sql`case when day < ${range.from}::date then 'previous' else 'current' end`,
    )
    const models = await readModels(tx, { ...range, ownerId })
    return {
      ...range,
      asOf,
      owner: ownerId ?? null,
      figures: figuresOf('current'),
      previous: { ...before, figures: figuresOf('previous') },
      models,
    }
  })

/** Day by day; of all owners without `ownerId`. */
export const listPoints = (
  db: Database,
  range: DayRange,
  ownerId: string | undefined,
): Promise<AnalyticsTimeseries> =>
  readAtOnce(db, async (tx) => {
    const asOf = await readAsOf(tx)
    const figuresOf = await readFigures(tx, { ...range, ownerId }, sql`day::text`)
    const points = listDays(range).map((day) => ({ day, ...figuresOf(day) }))
    return { ...range, asOf, owner: ownerId ?? null, points }
  })
