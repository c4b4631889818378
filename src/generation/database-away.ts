import { isDatabaseAway } from '../../db/away.ts'
import { AppError } from '../errors.ts'

/** Postgres does not answer, or not in time. */
export class DatabaseAway extends AppError {
  constructor(cause?: unknown) {
    super('unavailable', 'The database does not answer; try again shortly.', {
      retryable: true,
      retryAfterMs: RETRY_AFTER_MS,
      cause,
    })
  }
}

const RETRY_AFTER_MS = 2_000

/** A person waits no longer than this for Postgres: a frozen one would hold everyone until its statements time out. */
const PATIENCE_MS = 1_000

/**
 * What the work on Postgres comes to. Throws `DatabaseAway` when that is out of reach or too slow; slow work then goes
 * on unheard, so it must be safe to repeat.
 */
export const askDatabase = async <T>(work: () => Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DatabaseAway()), PATIENCE_MS)
  })
  try {
    return await Promise.race([work(), timeout])
  } catch (error) {
    throw isDatabaseAway(error) ? new DatabaseAway(error) : error
  } finally {
    clearTimeout(timer)
  }
}
