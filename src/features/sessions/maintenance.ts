import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { MaintenanceTask } from '../../adapters/queue/maintenance-queue.ts'
import { HOUR_MS } from '../../lib/time.ts'

/** Longer than any session lasts, whose cookie would be good again without its row. */
const KEEP_HOURS = 24

/** Forgets the ends of sessions whose cookies are no longer good anyway. */
export const createSessionTasks = (db: Database): MaintenanceTask[] => [
  {
    name: 'ended-sessions',
    everyMs: HOUR_MS,
    run: async () => {
      const { numDeletedRows } = await db
        .deleteFrom('endedSessions')
        .where('endedAt', '<', sql<Date>`now() - ${KEEP_HOURS}::int * interval '1 hour'`)
        .executeTakeFirst()
      return { deleted: Number(numDeletedRows) }
    },
  },
]
