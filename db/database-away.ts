import { AppError } from '../src/lib/errors.ts'
import { isDatabaseAway } from './away.ts'

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

/** A Postgres that has said nothing for so long is away: its statements would hold everyone until they time out. */
const SILENCE_MS = 1_000

/** One that still answers others is merely busy, and is waited for, but not for ever. */
const PATIENCE_MS = 10_000

/** The process has one Postgres; whichever of its statements ends shows that it is there. */
let heardAtMs = 0

/**
 * What the work on Postgres comes to. Throws `DatabaseAway` when that is out of reach or silent; the work then goes on
 * unheard, so it must be safe to repeat.
 */
export const askDatabase = async <T>(work: () => Promise<T>): Promise<T> => {
  const patience = createPatience()
  try {
    const answer = await Promise.race([work(), patience.lost])
    heardAtMs = performance.now()
    return answer
  } catch (error) {
    throw isDatabaseAway(error) ? new DatabaseAway(error) : error
  } finally {
    patience.release()
  }
}

const createPatience = () => {
  const askedAtMs = performance.now()
  let timer: NodeJS.Timeout | undefined
  const lost = new Promise<never>((_, reject) => {
    const waitOn = (durationMs: number) => {
      timer = setTimeout(() => {
        const now = performance.now()
        const silentMs = now - Math.max(askedAtMs, heardAtMs)
        if (silentMs >= SILENCE_MS || now - askedAtMs >= PATIENCE_MS) reject(new DatabaseAway())
        else waitOn(SILENCE_MS - silentMs)
      }, durationMs)
    }
    waitOn(SILENCE_MS)
  })
  return { lost, release: () => clearTimeout(timer) }
}
