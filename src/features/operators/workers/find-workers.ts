import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import type { WorkerStatus } from '../../../contract/server-status.ts'
import { HEARTBEAT_MS } from './heartbeat.ts'

/** Two beats may be late or lost. */
const ALIVE_MS = 3 * HEARTBEAT_MS

/** More than anybody runs. */
const MAX_WORKERS = 1_000

/**
 * The workers that have been there within the last hour and did not stop cleanly, those alive first. `isAlive` goes by
 * Postgres's clock.
 */
export const findWorkers = async (db: Database): Promise<WorkerStatus[]> => {
  const rows = await db
    .selectFrom('workers')
    .selectAll()
    .select(sql<boolean>`seen_at > now() - ${ALIVE_MS} * interval '1 millisecond'`.as('isAlive'))
    .orderBy('isAlive', 'desc')
    .orderBy('startedAt')
    .orderBy('id')
    .limit(MAX_WORKERS)
    .execute()
  return rows.map(({ startedAt, seenAt, ...row }) => ({
    ...row,
    startedAt: startedAt.toISOString(),
    seenAt: seenAt.toISOString(),
  }))
}
