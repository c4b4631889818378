import { waitFor } from '../support/wait-for.ts'
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
