import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { AnalyticsSummary, AnalyticsTimeseries } from '../../contract/analytics.ts'
import { toUsd } from '../../lib/money.ts'
import { type DayRange, listDays, precede } from './days.ts'
import { readFigures, readModels } from './figures.ts'
import { readAtOnce } from './reading.ts'

/** Some days as a whole, and as many before them; of all owners without `ownerId`. */
export const summarize = (
  db: Database,
  range: DayRange,
  ownerId: string | undefined,
): Promise<AnalyticsSummary> =>
  readAtOnce(db, async (reading) => {
    const before = precede(range)
    const figuresOf = await readFigures(
      reading,
      { from: before.from, to: range.to, ownerId },
      sql`case when day < ${range.from}::date then 'previous' else 'current' end`,
    )
    const models = await readModels(reading, { ...range, ownerId })
    return {
      ...range,
      asOf: reading.asOf,
      owner: ownerId ?? null,
      figures: figuresOf('current'),
      previous: { ...before, figures: figuresOf('previous') },
      models: models.map(({ spendNanoUsd, ...model }) => ({
        ...model,
        spendUsd: toUsd(spendNanoUsd),
      })),
    }
  })

/** Day by day; of all owners without `ownerId`. */
export const listPoints = (
  db: Database,
  range: DayRange,
  ownerId: string | undefined,
): Promise<AnalyticsTimeseries> =>
  readAtOnce(db, async (reading) => {
    const figuresOf = await readFigures(reading, { ...range, ownerId }, sql`day::text`)
    const points = listDays(range).map((day) => ({ day, ...figuresOf(day) }))
    return { ...range, asOf: reading.asOf, owner: ownerId ?? null, points }
  })
