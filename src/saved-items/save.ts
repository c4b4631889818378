import { randomBytes } from 'node:crypto'
import type { NewSavedItem } from '../../db/schema.ts'
import type { SavedItemInput } from '../contract/saved-item.ts'
import { insertOwnerIfNew } from '../generation/idempotency.ts'
import { askForImage, type ItemDeps, type LoadedItem, lacksGeneration, loadUnasked } from './ask.ts'
import { emptyItem } from './empty-item.ts'
import { assertMakeable, describeFields, describeShown } from './fields.ts'
import { insertItem } from './repository.ts'

/**
 * Saves a new item, and asks for its image ahead of need when it has a prompt and no image yet. Throws `AppError` for
 * wrong fields; an image that can't be asked for at the moment is no reason not to save.
 */
export const saveItem = async (
  deps: ItemDeps,
  ownerId: string,
  input: SavedItemInput,
): Promise<LoadedItem> => {
  const id = `s_${randomBytes(20).toString('hex')}`
  const item: NewSavedItem = {
    ...emptyItem({ ownerId, id }),
    ...(await describeFields(deps, ownerId, input)),
    ...(await describeShown(deps, ownerId, input.imageUrl)),
  }
  assertMakeable(deps, item, input)
  await insertOwnerIfNew(deps.db, ownerId)
  const row = await insertItem(deps.db, item)
  return lacksGeneration(row) ? askForImage(deps, row) : loadUnasked(deps, row)
}
