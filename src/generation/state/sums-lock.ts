import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'

/**
 * Waits for every statement that is about to count a call, and for whoever `holdLimits`, and keeps further ones waiting until the
 * transaction ends. They see what it has changed then, since a statement locks its tables before it looks at any row. To be had before
 * anything else is changed.
 */
export const lockSums = (tx: Database): Promise<unknown> =>
  sql`lock table spending in share row exclusive mode`.execute(tx)

/**
 * Keeps whoever changes a limit or the switch, and so begins with `lockSums`, waiting until the transaction ends: what is put to wait in
 * it is there for them to wake. To be had before any row is locked.
 */
export const holdLimits = (tx: Database): Promise<unknown> =>
  sql`lock table spending in row exclusive mode`.execute(tx)
