import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Verdicts } from './precision.ts'

/** What was said longer ago than so many verdicts says little of today; and counting has an end. */
const MAX_DECIDING = 1_000

/** What decides whether an owner's reuse falls back: the newest verdicts on it since the owner's mode was last set. */
export const countDeciding = async (db: Database, ownerId: string): Promise<Verdicts> => {
  const { rows } = await sql<Verdicts>`
    select count(*) filter (where accepted)::int as accepted, count(*) filter (where not accepted)::int as rejected
    from (
      select accepted from similarity_checks
      where owner_id = ${ownerId} and mode = 'reuse' and accepted is not null
        and judged_at >= coalesce(
          (select judged_since from owner_similarity where owner_id = ${ownerId}), '-infinity')
      order by judged_at desc
      limit ${sql.lit(MAX_DECIDING)}
    ) as newest`.execute(db)
  return rows[0] ?? { accepted: 0, rejected: 0 }
}
