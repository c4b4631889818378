import { sql, type Transaction } from 'kysely'
import type { Schema } from '../../../db/schema.ts'

/**
 * Waits for every statement that is about to count a call, and keeps further ones waiting until the transaction ends. They see what it
 * has changed then, since a statement locks its tables before it looks at any row. To be had before anything else is changed.
 */
export const lockSums = (tx: Transaction<Schema>): Promise<unknown> =>
  sql`lock table spending in share row exclusive mode`.execute(tx)
