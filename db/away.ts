import { isNativeError } from 'node:util/types'
import { AppError } from '../src/lib/errors.ts'

/**
 * Postgres is out of reach, silent for too long, or not able to do what it is asked now. What was asked of it may have been
 * done all the same.
 */
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
 * What a driver's error is to the callers of a `Database`: `DatabaseAway`, unless it says that the statement or our own code is
 * at fault. So an outage that nobody thought of is one too. For errors of the driver alone: one of our own would pass for an
 * outage.
 */
export const toDatabaseError = (error: unknown): unknown =>
  isOurFault(error) || error instanceof AppError ? error : new DatabaseAway(error)

/** For those who want to know no more: it is nobody's own fault, so what it struck may be struck as a whole. */
export const isDatabaseAway = (error: unknown): boolean => error instanceof DatabaseAway

/** True where Postgres, or a pooler before it, has answered, be it with an error. */
export const isAnswer = (error: unknown): boolean => stateOf(error) !== undefined

/** Postgres's own word for an error, five letters and digits (PostgreSQL manual, appendix A). */
export const stateOf = (error: unknown): string | undefined => {
  const code = codeOf(error)
  return /^(\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/.test(code) ? code : undefined
}

/** The server lets nobody write: a primary that became a standby, or is kept from writing. */
export const isReadOnly = (error: unknown): boolean => codeOf(error) === '25006'

const isOurFault = (error: unknown): boolean => {
  const state = stateOf(error)
  if (state) return OURS.test(state) && !NOT_OURS.test(state)
  return isNativeError(error) && CODING_ERRORS.has(error.name)
}

/**
 * Classes of what is wrong with a statement, its values, or the order of statements: 02, 03, 09, 0A, 0B, 0F, 0L, 0P, 0Z, 20 to
 * 25, 27, 2B, 2D, 2F, 34, 38, 39, 3B, 42, 44, 54, P0.
 */
const OURS = /^(0[239ABFLPZ]|2[0-57BDF]|34|3[89B]|42|44|54|P0)/

/** Of these classes: read only, timeouts of transactions, a right that is missing, a name that a pooler has lost. */
const NOT_OURS = /^(25006|25P03|25P04|42501|42P05)$/

/** What JavaScript says of code that is wrong, as of a value that can't be sent. */
const CODING_ERRORS = new Set(['TypeError', 'RangeError', 'SyntaxError', 'ReferenceError'])

// Not `instanceof`: a driver's error may come from another realm, as under Jest.
const codeOf = (error: unknown): string =>
  isNativeError(error) && 'code' in error ? String(error.code) : ''
