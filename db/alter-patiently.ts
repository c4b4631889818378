import { setTimeout as delay } from 'node:timers/promises'
import { type Kysely, sql, type Transaction } from 'kysely'

const LOCK_TIMEOUT_MS = 500
const PAUSE_MS = 1_000
const MAX_TRIES = 60

/**
 * Runs a statement that is done in a moment once it has its lock. Everybody else waits behind who waits for a lock, so it gives up
 * after half a second and comes again, for a minute and a half. Outside a transaction. Throws what Postgres said in the end.
 */
export const alterPatiently = async (db: Kysely<unknown>, statement: string): Promise<void> => {
  await patiently(db, (tx) => sql.raw(statement).execute(tx))
}

/** The same for what is more than a statement, in a transaction that is begun anew each time. */
export const patiently = async <T>(
  db: Kysely<unknown>,
  run: (tx: Transaction<unknown>) => Promise<T>,
): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await db.transaction().execute(async (tx) => {
        await sql.raw(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`).execute(tx)
        return run(tx)
      })
    } catch (error) {
      const isHeld = (error as { code?: unknown } | undefined)?.code === LOCK_NOT_AVAILABLE
      if (!isHeld || tries === MAX_TRIES) throw error
      await delay(PAUSE_MS)
    }
  }
}

/** SQLSTATE (PostgreSQL manual, appendix A). */
const LOCK_NOT_AVAILABLE = '55P03'
