import type { Transaction } from 'kysely'
import type { NewSavedItem, SavedItemRow, Schema } from '../../../db/schema.ts'
import { normalizePrompt } from '../../contract/identity.ts'
import type { SavedItemInput } from '../../contract/saved-item.ts'
import { cancelUnwanted } from '../../generation/state/cancel.ts'
import { AppError } from '../../lib/errors.ts'
import { askForImage, type ItemDeps, type LoadedItem, lacksGeneration, loadUnasked } from './ask.ts'
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
  const described = await describeChange(deps, key.ownerId, input)
  const change = async (tx: Transaction<Schema>) => {
    const before = await lockItem(tx, key)
    if (!before) throw notFound()
    return { before, after: await updateItem(tx, key, decideChange(deps, before, described)) }
  }
  const { before, after } = await deps.db.transaction().execute(change)
  await dropSuperseded(deps, before, after)
  const isToBeAsked = isImageOutdated(before, input) && lacksGeneration(after)
  return isToBeAsked ? askForImage(deps, after) : loadUnasked(deps, after)
}

/** Removes the item, not its image; one that is queued for it alone is not bought. Throws `not_found`. */
export const removeItem = async (deps: ItemDeps, key: ItemKey): Promise<void> => {
  const removed = await deleteItem(deps.db, key)
  if (!removed) throw notFound()
  await dropSuperseded(deps, removed, undefined)
}

export type DescribedChange = {
  input: SavedItemInput
  fields: Partial<NewSavedItem>
  shown: Shown | undefined
}

/** What can be found out about a change before its item is locked. */
export const describeChange = async (
  deps: ItemDeps,
  ownerId: string,
  input: SavedItemInput,
): Promise<DescribedChange> => ({
  input,
  fields: await describeFields(deps, ownerId, input),
  shown: await describeShown(deps, ownerId, input.imageUrl),
})

/** The columns to set. Throws `AppError` for fields that don't go together. */
export const decideChange = (
  deps: ItemDeps,
  before: SavedItemRow,
  { input, fields, shown }: DescribedChange,
): Partial<NewSavedItem> => {
  const change = { ...fields, ...chooseShown(before, input, shown, deps.keyId ?? null) }
  assertMakeable(deps, { ...before, ...change }, input)
  return change
}

/** What the item is to show from now on, and who pays for it; nothing where that stays as it is. */
const chooseShown = (
  before: SavedItemRow,
  input: SavedItemInput,
  shown: Shown | undefined,
  keyId: string | null,
): Partial<NewSavedItem> => {
  const next = { revision: before.revision + 1, askAfter: null, askBefore: null, keyId }
  const isGiven = shown && !isSame(before, shown)
  if (isGiven) return { ...next, ...shown }
  if (isImageOutdated(before, input)) return { ...next, imageUrl: null, generationId: null }
  return input.imageUrl === undefined || shown ? {} : { imageUrl: null }
}

/** An app that sends back all it has read does not choose that image anew. */
const isSame = (before: Shown, shown: Shown): boolean =>
  before.imageUrl === shown.imageUrl && before.generationId === shown.generationId

export const isImageOutdated = (before: SavedItemRow, { prompt }: SavedItemInput): boolean =>
  typeof prompt === 'string' &&
  (before.prompt === null || normalizePrompt(prompt) !== normalizePrompt(before.prompt))

/** The generation that an item showed is not bought for that item any more. */
export const dropSuperseded = async (
  deps: ItemDeps,
  { generationId }: SavedItemRow,
  after: SavedItemRow | undefined,
): Promise<void> => {
  if (!generationId || generationId === after?.generationId) return
  await cancelUnwanted(deps, generationId)
}

export const notFound = () => new AppError('not_found', 'There is no saved item with this id.')

export const removedMeanwhile = () =>
  new AppError('unavailable', 'The item is being removed at this moment; send this again.', {
    retryable: true,
    retryAfterMs: 1_000,
  })
