import type { Generated } from 'kysely'

/** The equal calls of a moment, of a key for which each of them is a wish of its own. */
export type ParallelCallsTable = {
  keyId: string
  /** SHA-256 (hex) of whose they are and what they ask for. */
  request: string
  /** How often their client had sent them before. */
  tries: number
  /** How many came since `beganAt`. */
  used: number
  /** The most that ever came in one moment. */
  most: number
  beganAt: Date
}

/** Which of several an `Idempotency-Key` is. */
export type ParallelWishesTable = {
  keyId: string
  /** SHA-256 (hex) of whose it is, what it asks for and its `Idempotency-Key`. */
  wish: string
  /** 0 while that is being found out, in the transaction that made the row. */
  place: number
  madeAt: Generated<Date>
}
