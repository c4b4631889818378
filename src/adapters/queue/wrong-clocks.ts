import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'

/**
 * On Postgres BullMQ's locks and its look for stalled jobs go by the clocks of the workers. One whose clock was fast, and that
 * died, keeps its jobs locked, and everybody from looking for stalled ones, until the clocks of the others get there. Takes
 * out the jobs of these generations, which no worker has, where they are locked for longer than an honest clock would; and
 * lets everybody look again. `lockMs`: how long a lock lasts that is renewed in time.
 */
export const mendWrongClocks = async (
  db: Database,
  queueName: string,
  { lockMs, ids }: { lockMs: number; ids: readonly string[] },
): Promise<void> => {
  const latest = sql`(extract(epoch from clock_timestamp()) * 1000 + ${2 * lockMs}::float8)`
  await sql`
    with unlocked as (
      delete from bullmq.job
      where queue = ${queueName} and id = any(${ids}::text[]) and state = 'active' and locked_until_ms > ${latest}
    )
    delete from bullmq.meta
    where queue = ${queueName} and field = 'stalled-check' and value::float8 > ${latest}`.execute(
    db,
  )
}
