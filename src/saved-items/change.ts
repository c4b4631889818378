import type { NewSavedItem, SavedItemRow } from '../../db/schema.ts'
import type { SavedItemInput } from '../contract/saved-item.ts'
import { AppError } from '../errors.ts'
import { cancelUnwanted } from '../generation/cancel.ts'
import {
  askForImage,
  findItemGenerations,
  type ItemDeps,
  type LoadedItem,
  wantsImage,
} from './ask.ts'
import { assertMakeable, describeFields, describeShown, type Shown } from './fields.ts'
import { deleteItem, type ItemKey, lockItem, updateItem } from './repository.ts'

/**
 * Changes the given fields. Another prompt asks for another image, unless one comes with it, and cancels a generation
 * that nobody else wants; no other field asks for anything. Throws `not_found`, and `AppError` for wrong fields.
 */
export const changeItem = async (
  deps: ItemDeps,
  key: ItemKey,
  input: SavedItemInput,
): Promise<LoadedItem> => {
  const fields = await describeFields(deps, key.ownerId, input)
  const shown = await describeShown(deps, key.ownerId, input.imageUrl)
  const { before, after } = await deps.db.transaction().execute(async (tx) => {
    const before = await lockItem(tx, key)
    if (!before) throw notFound()
    const change = { ...fields, ...chooseShown(before, input, shown) }
    assertMakeable(deps, { ...before, ...change }, input)
    return { before, after: await updateItem(tx, key, change) }
  })
  await dropSuperseded(deps, before, after)
  if (isPromptChanged(before, input) && wantsImage(after) && after.generationId === null) {
    return askForImage(deps, after)
  }
  const [loaded = { item: after }] = await findItemGenerations(deps, [after])
  return loaded
}

/** Removes the item, not its image; one that is queued for it alone is not bought. Throws `not_found`. */
export const removeItem = async (deps: ItemDeps, key: ItemKey): Promise<void> => {
  const removed = await deleteItem(deps.db, key)
  if (!removed) throw notFound()
  await dropSuperseded(deps, removed, undefined)
}

/** What the item is to show from now on; nothing where that stays as it is. */
const chooseShown = (
  before: SavedItemRow,
  input: SavedItemInput,
  shown: Shown | undefined,
): Partial<NewSavedItem> => {
  const isGiven = shown && !isSame(before, shown)
  if (isGiven) return { ...shown, revision: before.revision + 1 }
  const isOutdated = isPromptChanged(before, input) && input.prompt !== null
  if (isOutdated) return { imageUrl: null, generationId: null, revision: before.revision + 1 }
  return input.imageUrl === undefined || shown ? {} : { imageUrl: null }
}

/** An app that sends back all it has read does not choose that image anew. */
const isSame = (before: Shown, shown: Shown): boolean =>
  before.imageUrl === shown.imageUrl && before.generationId === shown.generationId

const isPromptChanged = (before: SavedItemRow, { prompt }: SavedItemInput): boolean =>
  prompt !== undefined && prompt !== before.prompt

const dropSuperseded = async (
  deps: ItemDeps,
  { generationId }: SavedItemRow,
  after: SavedItemRow | undefined,
): Promise<void> => {
  if (generationId && generationId !== after?.generationId) await cancelUnwanted(deps, generationId)
}

export const notFound = () => new AppError('not_found', 'There is no saved item with this id.')
