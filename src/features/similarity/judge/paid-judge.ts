import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import {
  type BudgetSettings,
  encodeBudgets,
  limitsOf,
  lockedSums,
  scopesOf,
} from '../../../generation/state/spending-limits.ts'
import { JudgeError } from '../../../lib/errors.ts'
import type { NanoUsd } from '../../../lib/money.ts'
import type { Judge, Payer, Verdict } from '../ports.ts'

/** A judge of which each call is on somebody's account. */
export type PaidJudge = Pick<Judge, 'model' | 'estimateNanoUsd'> & {
  judge(a: string, b: string, signal: AbortSignal, payer: Payer): Promise<Verdict>
}

export type PaidJudgeOptions = {
  db: Database
  judge: Judge
  budgets: BudgetSettings
  /** So many calls in a UTC day for one owner. */
  dailyCalls: number
  /** Names the prices by which costs were computed. */
  priceVersion: string
}

/**
 * The same judge, each of whose calls is in the books, at what it may cost, before it is sent, and is not sent where it would pass a
 * limit or the owner's calls of the day, or paying is stopped: it throws `JudgeError` then.
 */
export const createPaidJudge = (options: PaidJudgeOptions): PaidJudge => {
  const { db, judge } = options
  return {
    model: judge.model,
    estimateNanoUsd: judge.estimateNanoUsd,
    judge: async (a, b, signal, payer) => {
      const heldNanoUsd = judge.estimateNanoUsd(a, b)
      const callId = await recordCall(options, payer, heldNanoUsd)
      if (!callId) throw notPaid()
      try {
        const verdict = await judge.judge(a, b, signal)
        await settleCall(db, callId, verdict.costNanoUsd, verdict)
        return verdict
      } catch (error) {
        const isKnown = error instanceof JudgeError
        const costNanoUsd = isKnown && error.isFree ? 0 : heldNanoUsd
        await settleCall(db, callId, costNanoUsd)
        throw isKnown ? new JudgeError(error.message, { cause: error, costNanoUsd }) : error
      }
    },
  }
}

const notPaid = () =>
  new JudgeError('No verdict may be paid for now.', { isFree: true, isOutage: false })

/** The call's id; undefined where it may not be sent. The sums are locked and compared as `recordIntent` does. */
const recordCall = async (
  { db, judge, budgets, dailyCalls, priceVersion }: PaidJudgeOptions,
  { ownerId, keyId }: Payer,
  heldNanoUsd: NanoUsd,
): Promise<string | undefined> => {
  const [owner, key] = [sql`${ownerId}::text`, sql`${keyId}::text`]
  const held = sql`${heldNanoUsd}::bigint`
  const { rows } = await sql<{ id: string }>`
    with limits as materialized (
      select * from ${limitsOf(scopesOf(owner, key), sql`${encodeBudgets(budgets)}::text`)} as limits
    ), ${lockedSums}
    insert into judge_calls (owner_id, key_id, model, held_nano_usd, cost_nano_usd, price_version)
    select ${owner}, ${key}, ${judge.model}, ${held}, ${held}, ${priceVersion}
    where not exists (
        select from limits join locked using (scope, period, starts) where nano_usd + ${held} > limit_nano_usd)
      and not exists (select from spending_switch where paused_at is not null)
      and (
        select count(*) from judge_calls
        where owner_id = ${owner} and started_at >= date_trunc('day', now() at time zone 'UTC') at time zone 'UTC'
      ) < ${dailyCalls}
    returning id`.execute(db)
  return rows[0]?.id
}

const settleCall = async (
  db: Database,
  id: string,
  costNanoUsd: NanoUsd,
  { usage, responseId }: Partial<Verdict> = {},
): Promise<void> => {
  await db
    .updateTable('judgeCalls')
    .set({
      costNanoUsd,
      finishedAt: sql<Date>`clock_timestamp()`,
      usage: usage ? JSON.stringify(usage) : null,
      responseId: responseId ?? null,
    })
    .where('id', '=', id)
    .where('finishedAt', 'is', null)
    .execute()
}
