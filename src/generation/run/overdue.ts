import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { Lane } from '../../contract/vocabulary.ts'
import { AppError } from '../../lib/errors.ts'
import { runEvery } from '../../lib/run-every.ts'
import { failOverdueGenerations, giveDeadlines } from '../state/interventions.ts'
import { describePlaceholder } from './commit.ts'

export type DeadlinesDeps = {
  db: Database
  /** What is given to generations that were asked for without a deadline, by lane. */
  giveUpMs: Record<Lane, number>
  intervalMs: number
  /** Called with how many have ended. */
  onEnded: (count: number) => void
  onError: (error: unknown) => void
}

/**
 * Looks every so often for generations whose deadline is over. APIs do so as well as workers: what was promised to a caller
 * holds without any worker.
 */
export const createDeadlines = ({ db, giveUpMs, intervalMs, onEnded, onError }: DeadlinesDeps) => {
  let sweeper: ReturnType<typeof runEvery> | undefined
  const sweep = async () => {
    await giveDeadlines(db, { giveUpMs, limit: BATCH_ROWS * MAX_BATCHES })
    const count = await endOverdueGenerations(db)
    if (count > 0) onEnded(count)
  }
  const start = (): void => {
    sweeper = runEvery(sweep, { intervalMs, onError })
  }
  const stop = async (): Promise<void> => {
    await sweeper?.stop()
  }
  return { start, stop }
}

const BATCH_ROWS = 100
/** A longer line of them is gone through in several sweeps, by as many workers as there are. */
const MAX_BATCHES = 20

/**
 * Ends the generations whose deadline is over and that no worker has, each with its placeholder. What waits for a job that
 * does not come ends by this. Safe from many workers at once; returns how many.
 */
const endOverdueGenerations = async (db: Database): Promise<number> => {
  let count = 0
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const ended = await endBatch(db)
    count += ended
    if (ended < BATCH_ROWS) break
  }
  return count
}

const endBatch = (db: Database): Promise<number> =>
  db.transaction().execute(async (tx) => {
    const ended = await failOverdueGenerations(tx, deadlineExceeded(), BATCH_ROWS)
    if (ended.length > 0) {
      await tx
        .insertInto('imageMetadata')
        .values(ended.map(describePlaceholder))
        .onConflict((conflict) =>
          conflict
            .column('id')
            .doUpdateSet({ imageType: 'placeholder', generatedAt: sql<Date>`now()` }),
        )
        .execute()
    }
    return ended.length
  })

export const deadlineExceeded = () =>
  new AppError(
    'deadline_exceeded',
    'The image was not made in the time that it may take; ask again to have it tried once more.',
    { retryable: true },
  )
