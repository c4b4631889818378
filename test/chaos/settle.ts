import { waitFor } from '../support/wait-for.ts'
import type { ChaosClient } from './client.ts'
import type { Stack } from './stack.ts'

/**
 * Waits until every generation is over. One that never is shows in the audit as lost, so running out of time is no
 * error here.
 */
export const settle = async ({ db }: Pick<Stack, 'db'>, timeoutMs: number): Promise<void> => {
  const isSettled = async () => {
    const open = await db
      .selectFrom('generations')
      .select('id')
      .where('status', 'in', ['queued', 'running'])
      .limit(1)
      .execute()
    return open.length === 0
  }
  await waitFor(isSettled, { what: 'every generation to be over', timeoutMs }).catch(() => {})
}

/** As `settle`, for what clients were promised: a parked request has no row yet. */
export const settleAccepted = async (
  { db }: Pick<Stack, 'db'>,
  { accepted }: ChaosClient,
  timeoutMs: number,
): Promise<void> => {
  const isSettled = async () => {
    const over = await db
      .selectFrom('generations')
      .select('id')
      .where('status', 'not in', ['queued', 'running'])
      .execute()
    const ids = new Set(over.map(({ id }) => id))
    return [...accepted.keys()].every((id) => ids.has(id))
  }
  await waitFor(isSettled, { what: 'every promise to be kept', timeoutMs }).catch(() => {})
}
