import { type RawBuilder, sql } from 'kysely'

/**
 * SQL for the highest id of a table's rows that are older than `moment`, found by halving: rows come in the order of their time, so
 * this reads a few dozen of them however many there are, and needs no index by time. Null where none is as old.
 */
export const lastIdBefore = (
  { table, time }: { table: 'generation_events' | 'attempts'; time: string },
  moment: RawBuilder<unknown>,
) => sql<string | null>`(
  with recursive halving (low, high) as (
    select (select min(id) - 1 from ${sql.table(table)}), (select max(id) from ${sql.table(table)})
    union all
    select
      case when is_old then id else low end,
      case when is_old then high else (low + high + 1) / 2 - 1 end
    from halving
    left join lateral (
      select id, ${sql.ref(time)} < ${moment} as is_old from ${sql.table(table)}
      where id >= (low + high + 1) / 2 and id <= high order by id limit 1
    ) as middle on true
    where low < high
  )
  select low from halving order by low desc limit 1)`
