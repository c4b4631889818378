import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { summarize } from '../../../src/features/analytics/report.ts'
import { type Check, exactly } from '../result.ts'

const DAY_MS = 24 * 60 * 60_000

/** One set of books: what the attempts cost is what the generations cost, and what the analytics say. */
export const checkBooks = async (db: Database): Promise<Check[]> => {
  const { rows } = await sql<{ attempts: number; generations: number; unpriced: number }>`select
    (select coalesce(sum(cost_usd), 0) from attempts) as attempts,
    (select coalesce(sum(cost_usd), 0) from generations) as generations,
    (select count(*)::int from attempts where may_have_charged and cost_usd = 0) as unpriced`.execute(
    db,
  )
  const { attempts = Number.NaN, generations = Number.NaN, unpriced = Number.NaN } = rows[0] ?? {}
  const { figures } = await summarize(db, aroundToday(), undefined)
  return [
    exactly('dollars of attempts not of generations', toMicros(attempts - generations), 0),
    exactly('dollars of attempts not in analytics', toMicros(attempts - figures.spendUsd), 0),
    exactly('calls that may have been charged and cost nothing', unpriced, 0),
  ]
}

/** Sums of floating point are off by less. */
const toMicros = (usd: number): number => Math.round(usd * 1e6) / 1e6

const aroundToday = () => {
  const day = (atMs: number) => new Date(atMs).toISOString().slice(0, 10)
  return { from: day(Date.now() - DAY_MS), to: day(Date.now() + DAY_MS) }
}
