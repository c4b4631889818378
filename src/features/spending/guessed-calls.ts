import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { lastIdBefore } from '../../../db/last-id-before.ts'

/**
 * How many calls of the last so many milliseconds may have cost something, those that were handed on among them, and of how many
 * the price is a guess. Of an answered call whose tokens were counted too: they were taken at a guessed price.
 */
export const countGuessedCalls = async (
  db: Database,
  isGuessed: (model: string) => boolean,
  windowMs: number,
): Promise<{ guessed: number; calls: number }> => {
  const since = sql<Date>`now() - ${windowMs}::float8 * interval '1 millisecond'`
  const before = lastIdBefore({ table: 'attempts', time: 'started_at' }, since)
  const { rows } = await sql<{ model: string; calls: number }>`
    select model, count(*)::int as calls from (
      select model from attempts where id > coalesce(${before}, 0) and started_at >= ${since} and cost_nano_usd > 0
      union all
      select model from gateway_calls where started_at >= ${since} and cost_nano_usd > 0
    ) as paid group by model`.execute(db)
  const sum = (of: typeof rows) => of.reduce((all, { calls }) => all + calls, 0)
  return { guessed: sum(rows.filter(({ model }) => isGuessed(model))), calls: sum(rows) }
}
