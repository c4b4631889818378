import type { SavedItemRow } from '../../../db/schema.ts'
import { generationRequestSchema } from '../../contract/generation-request.ts'
import type { ImageSize } from '../../contract/vocabulary.ts'
import { type CancelDeps, cancelUnwanted } from '../../generation/state/cancel.ts'
import { findGenerations, type GenerationWithImage } from '../../generation/state/repository.ts'
import type { Submission } from '../../generation/submit/find-or-create.ts'
import { type SubmitDeps, submitGeneration } from '../../generation/submit/submit.ts'
import { AppError } from '../../lib/errors.ts'
import { pointToGeneration } from './repository.ts'

export type ItemDeps = CancelDeps & {
  submit: SubmitDeps
  /** The id in one of our image URLs; undefined for every other address. */
  findImageId: (url: string) => string | undefined
  /** Room for another item of an owner; throws `too_much_kept`. Absent where nobody saves by hand. */
  takeItem?: ((ownerId: string) => Promise<void>) | undefined
  /** Called with every submission that cost nothing. */
  onReuse: (generation: GenerationWithImage, kind: 'exact' | 'joined') => void
  /** The key that whoever saves has, which pays for what is asked for by it. Absent where nobody saves by one. */
  keyId?: string | null
  /** Throws `refused_by_policy` for an image that whoever saves may not ask for. Absent where nobody is bounded. */
  assertMayAsk?: (asked: { model?: string | undefined; imageSize?: ImageSize | undefined }) => void
}

/** An item with the generation that makes or made its image, if there is one. */
export type LoadedItem = { item: SavedItemRow; generation?: GenerationWithImage | undefined }

/**
 * Loads items with their generations. An image that could not be asked for, or was deleted or lost, is asked for
 * (again), unless a worker is about to; no other loading ever submits anything.
 */
export const loadItems = async (deps: ItemDeps, items: SavedItemRow[]): Promise<LoadedItem[]> =>
  Promise.all(
    (await findItemGenerations(deps, items)).map((loaded) =>
      needsAsking(loaded) ? askForImage(deps, loaded.item) : loaded,
    ),
  )

const findItemGenerations = async (
  { db }: Pick<ItemDeps, 'db'>,
  items: SavedItemRow[],
): Promise<LoadedItem[]> => {
  const ids = items.flatMap(({ generationId }) => generationId ?? [])
  const generations = ids.length > 0 ? await findGenerations(db, ids) : []
  return items.map((item) => ({
    item,
    generation: generations.find(
      ({ id, ownerId }) => id === item.generationId && ownerId === item.ownerId,
    ),
  }))
}

/** One item as it stands, without asking for anything. */
export const loadUnasked = async (
  deps: Pick<ItemDeps, 'db'>,
  item: SavedItemRow,
): Promise<LoadedItem> => {
  const [loaded = { item }] = await findItemGenerations(deps, [item])
  return loaded
}

/** True for an item whose image is ours to make, and for which nobody has asked yet. */
export const lacksGeneration = (item: SavedItemRow): boolean =>
  wantsImage(item) && item.generationId === null

const needsAsking = ({ item, generation }: LoadedItem): boolean =>
  wantsImage(item) &&
  item.askAfter === null &&
  (!generation || WITHDRAWN.includes(generation.errorCode ?? ''))

/** What ended a generation that the item still wants, without anybody having decided against its picture. */
const WITHDRAWN = ['image_deleted', 'image_lost', 'superseded']

/** True for an item whose image is ours to make. */
export const wantsImage = ({
  prompt,
  imageUrl,
}: Pick<SavedItemRow, 'prompt' | 'imageUrl'>): boolean => prompt !== null && imageUrl === null

/**
 * Submits an item's request in the background's lane, and enters the generation. What can't be taken at the moment is
 * asked for when the item is next loaded: the item is saved all the same.
 */
export const askForImage = async (deps: ItemDeps, item: SavedItemRow): Promise<LoadedItem> => {
  try {
    const submission = await submitGeneration(
      deps.submit,
      item.ownerId,
      parseItemRequest(item),
      undefined,
      { keyId: item.keyId },
    )
    return await enter(deps, item, submission)
  } catch (error) {
    if (error instanceof AppError) return { item }
    throw error
  }
}

const enter = async (
  deps: ItemDeps,
  item: SavedItemRow,
  { generation, kind }: Submission,
): Promise<LoadedItem> => {
  if (kind === 'exact' || kind === 'joined') deps.onReuse(generation, kind)
  const pointed = await pointToGeneration(deps.db, item, generation.id)
  if (!pointed && kind === 'new') await cancelUnwanted(deps, generation.id)
  return { item: pointed ?? item, generation }
}

/** The request that makes an item's image. Throws `ZodError` for what doesn't go together. */
export const parseItemRequest = (item: SavedItemRow) =>
  generationRequestSchema.parse({
    prompt: item.prompt ?? undefined,
    conditionImage: item.conditionImageId ?? undefined,
    transformation: item.transformation ?? undefined,
    aspectRatio: item.aspectRatio ?? undefined,
    imageSize: item.imageSize ?? undefined,
    model: item.model ?? undefined,
    variant: item.variant ?? undefined,
    lane: 'eager',
  })
