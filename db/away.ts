import { isNativeError } from 'node:util/types'
import { AppError } from '../src/lib/errors.ts'

/** Postgres is out of reach, or silent for too long. What was asked of it may have been done all the same. */
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

/**
 * True for an error that says the database can't be reached, which passes, rather than that a statement was wrong.
 * Classes 08, 53 and 57P are Postgres's for it (PostgreSQL manual, appendix A); the texts are node-postgres's.
 */
export const isDatabaseAway = (error: unknown): boolean => {
  if (error instanceof DatabaseAway) return true
  // Not `instanceof`: a driver's error may come from another realm, as under Jest.
  if (!isNativeError(error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return AWAY_CODES.test(code) || AWAY_TEXTS.test(error.message)
}

/** Every error as the callers of a `Database` get it. */
export const toDatabaseError = (error: unknown): unknown =>
  isDatabaseAway(error) && !(error instanceof DatabaseAway) ? new DatabaseAway(error) : error

const AWAY_CODES = /^(08|53|57P|ECONN|ENOENT|EPIPE|ETIMEDOUT)/
const AWAY_TEXTS =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|not queryable/
