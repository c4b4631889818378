import { type Kysely, sql } from 'kysely'

/**
 * What owners, keys and addresses have done in the minute, summed over all processes where there is no Redis (ADR 52). Unlogged: a
 * crash may forget it, and counting leaves nothing in the write-ahead log.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql
    .raw(
      `create unlogged table rate_counts (
        key text primary key,
        used integer not null,
        ends_at timestamptz(3) not null
      )`,
    )
    .execute(db)
}
