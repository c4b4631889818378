import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import type { SpendingSwitch } from '../../contract/spending.ts'
import { lockSums } from '../../generation/state/sums-lock.ts'
import { wakeStopped } from './wake-stopped.ts'

/**
 * Stops all paying, by whatever process: no call is recorded, and so none is sent, once this resolves. What is out goes on. Safe to
 * repeat: it stays paused since when it was.
 */
export const pauseSpending = async (db: Database, by: string): Promise<SpendingSwitch> =>
  db.transaction().execute(async (tx) => {
    await lockSums(tx)
    const row = await tx
      .updateTable('spendingSwitch')
      .set({
        pausedAt: sql<Date>`coalesce(paused_at, now())`,
        pausedBy: sql<string>`coalesce(paused_by, ${by}::text)`,
      })
      .returning('pausedAt')
      .executeTakeFirstOrThrow()
    return present(row)
  })

/** Lets calls be paid for again, and has what waits for it tried at once. */
export const resumeSpending = async (db: Database): Promise<SpendingSwitch> => {
  await db.transaction().execute(async (tx) => {
    await lockSums(tx)
    await tx.updateTable('spendingSwitch').set({ pausedAt: null, pausedBy: null }).execute()
  })
  await wakeStopped(db)
  return { isPaused: false, pausedAt: null }
}

export const readSwitch = async (db: Database): Promise<SpendingSwitch> =>
  present(await db.selectFrom('spendingSwitch').select('pausedAt').executeTakeFirstOrThrow())

const present = ({ pausedAt }: { pausedAt: Date | null }): SpendingSwitch => ({
  isPaused: pausedAt !== null,
  pausedAt: pausedAt?.toISOString() ?? null,
})
