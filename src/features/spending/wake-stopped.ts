import type { Database } from '../../../db/database.ts'
import { hastenStopped } from '../../generation/state/interventions.ts'

const BATCH_ROWS = 500

/** What waits until it may be paid for is tried again: the sweeper hands it to the workers. */
export const wakeStopped = async (db: Database): Promise<void> => {
  while ((await hastenStopped(db, BATCH_ROWS)) === BATCH_ROWS);
}
