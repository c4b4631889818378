import type { Database } from '../../../db/database.ts'
import { deleteOlderThan } from '../../../db/delete-in-batches.ts'

const KEPT_DAYS = 90

/** Deletes what happened to alerts long ago. */
export const deleteOldAlertEvents = (db: Database, signal?: AbortSignal) =>
  deleteOlderThan(db, { table: 'alertEvents', column: 'at', days: KEPT_DAYS }, signal)
