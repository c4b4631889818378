import { sql } from 'kysely'
import type { Database } from '../../../db/database.ts'
import { fromNow } from './apply-transition.ts'
import { hasStatus } from './has-status.ts'
import { accountIn } from './model-limits.ts'
import {
  selectDoubtedTier,
  selectKeyTier,
  selectTierLimits,
  type TierLimit,
} from './tier-limits.ts'
import type { ClaimedRow } from './transitions.ts'

type TierColumns = Pick<
  ClaimedRow,
  | 'provider'
  | 'lane'
  | 'keyTier'
  | 'tierLimits'
  | 'doubtedTier'
  | 'ambiguousCalls'
  | 'startedAt'
  | 'deadlineAt'
  | 'asOf'
>

/** What decides at which tier one would be made that is asked for ahead of need and is due; undefined for every other. Changes nothing. */
export const findTierCase = async (
  db: Database,
  id: string,
  accounts: Record<string, string>,
): Promise<TierColumns | undefined> => {
  const { rows } = await sql<Omit<TierColumns, 'tierLimits'> & { tierLimits: TierLimit[] | null }>`
    select provider, lane, ambiguous_calls, started_at, deadline_at, now() as as_of, ${selectKeyTier} as key_tier,
      ${selectTierLimits(accountIn(accounts))} as tier_limits, ${selectDoubtedTier} as doubted_tier
    from generations as changed
    where id = ${id} and lane = 'eager' and status = 'queued' and (run_after is null or run_after <= now())`.execute(
    db,
  )
  const [row] = rows
  return row && { ...row, tierLimits: row.tierLimits ?? [] }
}

/** Puts off what is asked for ahead of need and is due; false where it is that no more. Not a change of status: no event. */
export const postponeEager = async (
  db: Database,
  id: string,
  delayMs: number,
): Promise<boolean> => {
  const { numUpdatedRows } = await db
    .updateTable('generations')
    .set({ runAfter: fromNow(delayMs), enqueuedAt: fromNow(delayMs) })
    .where('id', '=', id)
    .where('lane', '=', 'eager')
    .where(hasStatus('queued'))
    .where((eb) => eb.or([eb('runAfter', 'is', null), eb('runAfter', '<=', sql<Date>`now()`)]))
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
