import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'

/** An id that had been given out at some moment, and who was writing events at that moment or just after. */
type Candidate = { eventId: number; writers: string[] }

/**
 * Finds an event id below which none can appear any more; undefined while that is not known.
 *
 * Ids are given out before their rows are committed, so a row may become visible after one with a higher id. But
 * whoever has an id holds a lock on the table until its transaction has ended, and is visible before the lock goes. So
 * once all who held one when an id had been given out are gone, every row up to that id is there or never will be.
 * (`create index concurrently` waits by the same rule.) Remembers one such moment between calls, since under load
 * somebody always writes.
 */
export const createHorizon = (db: Database): (() => Promise<number | undefined>) => {
  let earlier: Candidate | undefined
  return async () => {
    const eventId = await readLastEventId(db)
    // Afterwards: whoever took an id up to this one is among them, or has ended.
    const writers = await listWriters(db)
    if (writers.length === 0) {
      earlier = undefined
      return eventId
    }
    const settled = earlier && !earlier.writers.some((writer) => writers.includes(writer))
    const settledId = settled ? earlier?.eventId : undefined
    if (!earlier || settled) earlier = { eventId, writers }
    return settledId
  }
}

/** The sequence's own state, which no snapshot holds back. */
const readLastEventId = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ lastValue: string | null }>`
    select pg_sequence_last_value(pg_get_serial_sequence('generation_events', 'id')::regclass) as last_value`.execute(
    db,
  )
  return Number(rows[0]?.lastValue ?? 0)
}

const listWriters = async (db: Database): Promise<string[]> => {
  const { rows } = await sql<{ virtualtransaction: string }>`
    select virtualtransaction from pg_locks
    where locktype = 'relation' and relation = 'generation_events'::regclass and mode = 'RowExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())`.execute(db)
  return rows.map(({ virtualtransaction }) => virtualtransaction)
}
