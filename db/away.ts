import { isNativeError } from 'node:util/types'

/**
 * True for an error that says the database can't be reached, which passes, rather than that a statement was wrong.
 * Classes 08, 53 and 57P are Postgres's for it (PostgreSQL manual, appendix A); the texts are node-postgres's.
 */
export const isDatabaseAway = (error: unknown): boolean => {
  // Not `instanceof`: a driver's error may come from another realm, as under Jest.
  if (!isNativeError(error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return AWAY_CODES.test(code) || AWAY_TEXTS.test(error.message)
}

const AWAY_CODES = /^(08|53|57P|ECONN|ENOENT|EPIPE|ETIMEDOUT)/
const AWAY_TEXTS =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|not queryable/
