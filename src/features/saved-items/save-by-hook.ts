import { sql, type Transaction } from 'kysely'
import type { SavedItemRow, Schema } from '../../../db/schema.ts'
import type { SaveHook } from '../../contract/save-hook.ts'
import { type HookDelivery, insertHookDelivery } from '../../generation/submit/hook-delivery.ts'
import { insertOwnerIfNew } from '../../generation/submit/idempotency.ts'
import { type ItemDeps, wantsImage } from './ask.ts'
import {
  decideChange,
  describeChange,
  dropSuperseded,
  isImageOutdated,
  removedMeanwhile,
} from './change.ts'
import { emptyItem } from './empty-item.ts'
import { insertItemIfNew, lockItem, updateItem } from './repository.ts'

/** `debounceMs`: how long an item must have been left alone; `maxDelayMs`: how long edits may put it off. */
export type HookTiming = { debounceMs: number; maxDelayMs: number }

/**
 * Makes or changes an item as a hook says, once a delivery. Another prompt has its image asked for by a worker, once the
 * edits pause; a queued generation of an earlier edit is canceled. Throws `hook_replayed`, and `AppError` for wrong
 * fields; the delivery may then be sent again.
 */
export const saveByHook = async (
  deps: ItemDeps,
  timing: HookTiming,
  delivery: HookDelivery,
  { ownerId, itemId: id, ...input }: SaveHook,
): Promise<void> => {
  const described = await describeChange(deps, ownerId, input)
  await insertOwnerIfNew(deps.db, ownerId)
  const save = async (tx: Transaction<Schema>) => {
    await insertHookDelivery(tx, delivery)
    await insertItemIfNew(tx, emptyItem({ ownerId, id }))
    const before = await lockItem(tx, { ownerId, id })
    if (!before) throw removedMeanwhile()
    const { source } = delivery
    const change = decideChange(deps, before, described)
    const isWanted = isImageOutdated(before, input) && wantsImage({ ...before, ...change })
    const schedule = isWanted && !change.generationId ? postpone(before, timing) : {}
    return { before, after: await updateItem(tx, before, { ...change, ...schedule, source }) }
  }
  const { before, after } = await deps.db.transaction().execute(save)
  await dropSuperseded(deps, before, after)
}

/** Each edit puts the asking off again, but not beyond what the first one allowed. On Postgres's clock. */
const postpone = ({ askBefore }: SavedItemRow, { debounceMs, maxDelayMs }: HookTiming) => {
  const latest = sql<Date>`coalesce(${askBefore}::timestamptz, ${fromNow(maxDelayMs)})`
  return {
    askBefore: latest,
    askAfter: sql<Date>`least(${latest}, ${fromNow(debounceMs)})`,
  }
}

const fromNow = (delayMs: number) => sql<Date>`now() + ${delayMs} * interval '1 millisecond'`
