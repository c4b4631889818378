import { randomBytes } from 'node:crypto'
import type { NewSavedItem } from '../../../db/schema.ts'
import type { SavedItemCreation } from '../../contract/saved-item.ts'
import { insertOwnerIfNew } from '../../generation/submit/idempotency.ts'
import { type ItemDeps, type LoadedItem, loadItems } from './ask.ts'
import { removedMeanwhile } from './change.ts'
import { emptyItem } from './empty-item.ts'
import { assertMakeable, describeFields, describeShown } from './fields.ts'
import { findItem, insertItemIfNew } from './repository.ts'

/**
 * Saves a new item, and asks for its image ahead of need when it has a prompt and no image yet. One that has the given id
 * already is loaded, and stays as it is: its saving may be repeated. Throws `AppError` for wrong fields, `too_much_kept`; an image that
 * can't be asked for at the moment is no reason not to save.
 */
export const saveItem = async (
  deps: ItemDeps,
  ownerId: string,
  { id, ...input }: SavedItemCreation,
): Promise<{ isNew: boolean; loaded: LoadedItem }> => {
  const key = { ownerId, id: id ?? `s_${randomBytes(20).toString('hex')}` }
  const item: NewSavedItem = {
    ...emptyItem(key),
    keyId: deps.keyId ?? null,
    ...(await describeFields(deps, ownerId, input)),
    ...(await describeShown(deps, ownerId, input.imageUrl)),
  }
  assertMakeable(deps, item, input)
  if (!(id && (await findItem(deps.db, key)))) await deps.takeItem?.(ownerId)
  await insertOwnerIfNew(deps.db, ownerId)
  const inserted = await insertItemIfNew(deps.db, item)
  const row = inserted ?? (await findItem(deps.db, key))
  if (!row) throw removedMeanwhile()
  const [loaded = { item: row }] = await loadItems(deps, [row])
  return { isNew: inserted !== undefined, loaded }
}
