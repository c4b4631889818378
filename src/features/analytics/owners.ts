import { type RawBuilder, sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { OwnerFigures, OwnerSort } from '../../contract/analytics.ts'
import { type DayRange, findMonths } from './days.ts'
import { EVERYONE, FIGURES } from './facts.ts'
import { describeSums, isWithin, type Sums, sumColumns } from './figures.ts'
import { type Reading, readAtOnce } from './reading.ts'

/** A place in the list: what it is sorted by, and the owner. */
export type OwnerPosition = { key: number; owner: string }

export type OwnersPage = DayRange & {
  sort: OwnerSort
  order?: 'asc' | 'desc' | undefined
  limit: number
  after?: OwnerPosition | undefined
}

/** Owners with what they did on some days, and where to go on when there are more. */
export const listOwners = (
  db: Database,
  page: OwnersPage,
): Promise<{ asOf: string; owners: OwnerFigures[]; next?: OwnerPosition }> =>
  readAtOnce(db, async (reading) => {
    const { asOf } = reading
    const rows = await readOwners(reading, page)
    const shown = rows.slice(0, page.limit)
    const owners = shown.map((row) => ({ owner: row.ownerId, ...describeSums(row) }))
    const last = shown.at(-1)
    if (rows.length <= page.limit || !last) return { asOf, owners }
    return { asOf, owners, next: { key: last.sortKey, owner: last.ownerId } }
  })

type OwnerRow = Sums & { ownerId: string; sortKey: number }

/** One more than the page has. Whole months come from their own sums, so that a year of 1,000 owners is read quickly. */
const readOwners = async (
  { tx, tail }: Reading,
  { sort, order = sort === 'owner' ? 'asc' : 'desc', limit, after, ...range }: OwnersPage,
): Promise<OwnerRow[]> => {
  const columns = sql.join(FIGURES.map((figure) => sql.ref(figure)))
  const direction = sql.raw(order)
  const comparison = sql.raw(order === 'asc' ? '>' : '<')
  const isAfter = after
    ? sql`(sort_key, owner_id) ${comparison} (${after.key}::float8, ${after.owner}::text)`
    : sql`true`
  const { first, end } = findMonths(range)
  const { rows } = await sql<OwnerRow>`
    with sums as (
      select owner_id, ${sumColumns}
      from (
        select owner_id, ${columns} from monthly_figures where month >= ${first}::date and month < ${end}::date
        union all
        select owner_id, ${columns} from daily_figures
        where owner_id <> ${sql.lit(EVERYONE)}
          and ((day >= ${range.from}::date and day < ${first}::date) or (day >= ${end}::date and day <= ${range.to}::date))
        union all
        select owner_id, ${columns} from (${tail.events}) as events where ${isWithin(range)}
        union all
        select owner_id, ${columns} from (${tail.calls}) as calls where ${isWithin(range)}
      ) as days
      group by owner_id
    ), keyed as (select *, (${sortKeys[sort]})::float8 as sort_key from sums)
    select * from keyed where ${isAfter}
    order by sort_key ${direction}, owner_id ${direction}
    limit ${limit + 1}`.execute(tx)
  return rows
}

const skipped = sql`(skipped_exact + skipped_joined + skipped_similar)`

/** Those that have no rate come below those with the lowest. */
const rate = (part: RawBuilder<unknown>, whole: RawBuilder<unknown>) =>
  sql`coalesce(${part}::float8 / nullif(${whole}, 0)::float8, -1)`

const sortKeys: Record<OwnerSort, RawBuilder<unknown>> = {
  spend: sql`spend_nano_usd`,
  saved: sql`saved_nano_usd`,
  total: sql`started + ${skipped}`,
  reuseRate: rate(skipped, sql`(started + ${skipped})`),
  successRate: rate(sql`completed`, sql`(completed + failed)`),
  owner: sql`0`,
}
