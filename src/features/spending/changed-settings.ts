import type { Database } from '../../../db/database.ts'
import { type BudgetSettings, encodeBudgets } from '../../generation/state/spending-limits.ts'
import { wakeStopped } from './wake-stopped.ts'

/**
 * Has what waits until it may be paid for tried again where the limits of the settings are others than those that it was last tried under.
 * False where they are the same. Woken first and written down then: who dies in between leaves it to the next.
 */
export const wakeIfSettingsChanged = async (
  db: Database,
  budgets: BudgetSettings,
): Promise<boolean> => {
  const settings = encodeBudgets(budgets)
  const known = await db.selectFrom('spendingSwitch').select('settings').executeTakeFirstOrThrow()
  if (known.settings === settings) return false
  await wakeStopped(db)
  await db.updateTable('spendingSwitch').set({ settings }).execute()
  return true
}
