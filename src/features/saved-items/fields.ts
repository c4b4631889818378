import { DatabaseAway } from '../../../db/away.ts'
import type { NewSavedItem, SavedItemRow } from '../../../db/schema.ts'
import { generationRequestSchema } from '../../contract/generation-request.ts'
import { parseImageUrl, type SavedItemInput } from '../../contract/saved-item.ts'
import { isTerminal } from '../../contract/vocabulary.ts'
import { findGeneration } from '../../generation/state/repository.ts'
import { resolveModel } from '../../generation/submit/resolve-model.ts'
import { AppError } from '../../lib/errors.ts'
import type { ItemDeps } from './ask.ts'

/** The columns that the fields of a request set; an absent field sets none. Throws `AppError` for a wrong one. */
export const describeFields = async (
  deps: ItemDeps,
  ownerId: string,
  { conditionImage, imageUrl: _, data, ...plain }: SavedItemInput,
): Promise<Partial<NewSavedItem>> => ({
  ...given(plain),
  ...(data !== undefined && { data: data && JSON.stringify(data) }),
  ...(conditionImage !== undefined && {
    conditionImageId: conditionImage && (await storeConditionImage(deps, ownerId, conditionImage)),
  }),
})

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>

const storeConditionImage = async ({ submit }: ItemDeps, ownerId: string, image: string) => {
  const { id, upload } = await submit.resolveConditionImage(ownerId, image)
  if (upload) throw new DatabaseAway()
  return id
}

/** Where an item's image is: at an address of the app's own, or with one of the owner's generations. */
export type Shown = Pick<SavedItemRow, 'imageUrl' | 'generationId'>

/**
 * What a given `imageUrl` shows; undefined for one that is no image: no http(s) URL, or our own URL of a generation that
 * came to nothing. An owner's own image URL stands for its generation, so that its loss is noticed.
 */
export const describeShown = async (
  { db, findImageId }: ItemDeps,
  ownerId: string,
  url: string | null | undefined,
): Promise<Shown | undefined> => {
  const imageUrl = url ? parseImageUrl(url) : undefined
  if (!imageUrl) return undefined
  const id = findImageId(imageUrl)
  const generation = id?.startsWith('g_') ? await findGeneration(db, id) : undefined
  if (generation?.ownerId !== ownerId) return { imageUrl, generationId: null }
  const isPromising = generation.status === 'succeeded' || !isTerminal(generation.status)
  return isPromising ? { imageUrl: null, generationId: generation.id } : undefined
}

/** What decides about the picture. */
const REQUEST_FIELDS = [
  'prompt',
  'imageUrl',
  'conditionImage',
  'transformation',
  'aspectRatio',
  'imageSize',
  'model',
  'variant',
] as const

/** Refuses what this server can't make: the fields of an item must go together before it is saved. */
export const assertMakeable = (
  { submit, assertMayAsk }: Pick<ItemDeps, 'submit' | 'assertMayAsk'>,
  item: Partial<NewSavedItem>,
  input: SavedItemInput,
): void => {
  if (!REQUEST_FIELDS.some((field) => input[field] !== undefined)) return
  const { prompt, conditionImageId, transformation, aspectRatio, imageSize, model } = item
  const wanted = {
    prompt: prompt ?? PROMPT_TO_COME,
    conditionImage: conditionImageId ?? (prompt ? undefined : CONDITION_TO_COME),
    transformation: transformation ?? undefined,
    aspectRatio: aspectRatio ?? undefined,
    imageSize: imageSize ?? undefined,
    model: model ?? undefined,
  }
  resolveModel(submit.providers, generationRequestSchema.parse(wanted))
  assertMayAsk?.(wanted)
  if (input.imageUrl && !prompt && !parseImageUrl(input.imageUrl)) {
    throw new AppError('invalid_request', 'must be an http or https URL', { pointer: '/imageUrl' })
  }
}

/** An item without a prompt has none of what one would ask for checked. */
const PROMPT_TO_COME = 'a prompt to come'
const CONDITION_TO_COME = 'a condition image to come'
