import type { Transaction } from 'kysely'
import type { Schema } from '../../../db/schema.ts'
import { AppError } from '../../lib/errors.ts'

/** A hook as its signature names it. */
export type HookDelivery = { source: string; webhookId: string }

/** Takes a hook, in the transaction of what it does, so that it counts once or not at all. Throws `hook_replayed`. */
export const insertHookDelivery = async (
  tx: Transaction<Schema>,
  delivery: HookDelivery,
): Promise<void> => {
  const inserted = await tx
    .insertInto('hookDeliveries')
    .values(delivery)
    .onConflict((conflict) => conflict.doNothing())
    .returning('webhookId')
    .executeTakeFirst()
  if (inserted) return
  throw new AppError('hook_replayed', 'A hook with this webhook-id has been taken already.', {
    pointer: 'webhook-id',
  })
}
