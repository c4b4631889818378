import { sql } from 'kysely'
import type { Database } from '../../../../db/database.ts'
import type { RequestWebhookRow } from '../../../../db/schema.ts'
import { type Attempt, makeAttempt } from '../attempt.ts'
import type { ClaimedRequest } from '../claim.ts'
import type { SendWebhook } from '../ports.ts'
import { decideRetryWait, type RetryWaits } from '../schedule.ts'

/** Signs what is told, in the dialect's way; gives the headers that say so. */
export type SignRequest = (
  row: RequestWebhookRow,
  told: { body: string; at: Date },
) => Record<string, string>

export type DeliverRequestDeps = {
  db: Database
  send: SendWebhook
  sign: SignRequest
  retryWaitsMs: RetryWaits
  userAgent: string
  onAttempt: (row: RequestWebhookRow, attempt: Attempt) => void
}

/** Ten attempts within two hours, as long as they may take included. */
export const REQUEST_RETRY_WAITS_MS: RetryWaits = [
  15_000, 30_000, 60_000, 120_000, 240_000, 480_000, 960_000, 1_800_000, 2_100_000,
]

/** One attempt at what this worker has claimed. One that `letGo` breaks off does not count: another worker makes it again. */
export const deliverRequest = async (
  { db, send, sign, retryWaitsMs, userAgent, onAttempt }: DeliverRequestDeps,
  row: ClaimedRequest,
  letGo: AbortSignal,
): Promise<void> => {
  const body = row.body ?? ''
  const at = row.claimedAt
  const headers = {
    'content-type': 'application/json',
    'user-agent': userAgent,
    ...sign(row, { body, at }),
  }
  const attempt = await makeAttempt(send, { url: row.url, headers, body }, at, letGo)
  const isLetGo = attempt.error !== undefined && letGo.aborted
  const change = isLetGo ? {} : decideNext(row, attempt, retryWaitsMs)
  const { numUpdatedRows } = await db
    .updateTable('requestWebhooks')
    .set({ ...change, leaseExpiresAt: null })
    .where('id', '=', row.id)
    .where('claims', '=', row.claims)
    .executeTakeFirst()
  if (numUpdatedRows > 0n && !isLetGo) onAttempt(row, attempt)
}

const decideNext = (
  { failures: before }: RequestWebhookRow,
  { error, statusCode, retryAfter, startedAt }: Attempt,
  waits: RetryWaits,
) => {
  const went = { statusCode: statusCode ?? null, error: error ?? null }
  if (error === undefined) return { ...went, status: 'delivered' as const, nextAttemptAt: null }
  const failures = before + 1
  const waitMs = decideRetryWait(waits, { failures, statusCode, retryAfter, at: startedAt })
  return waitMs === undefined
    ? { ...went, failures, status: 'failed' as const, nextAttemptAt: null }
    : { ...went, failures, nextAttemptAt: sql<Date>`now() + ${waitMs} * interval '1 millisecond'` }
}
