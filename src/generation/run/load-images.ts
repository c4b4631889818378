import type { Database } from '../../../db/database.ts'
import type { ImageRef } from '../../../db/request-details.ts'
import { AppError } from '../../lib/errors.ts'
import type { ImageStore, ProviderRequest, StoredImage } from '../ports.ts'
import { findOwnedImages } from '../state/image-rows.ts'
import { listDetailImages } from '../state/request-details.ts'
import type { Claim } from '../state/transitions.ts'

type LoadDeps = { db: Database; store: Pick<ImageStore, 'find'> }

/** What of a provider's request has images in it, those in the order that was asked for. Throws `condition_image_gone`. */
export const loadImages = async (
  deps: LoadDeps,
  claim: Claim,
): Promise<Pick<ProviderRequest, 'conditionImages' | 'details' | 'providerRequest'>> => {
  const { conditionImageId, details } = claim
  const first = conditionImageId ? [conditionImageId] : []
  const conditionIds = details?.conditionImages?.map(idOf) ?? first
  const stored = await loadAll(deps, claim.ownerId, [
    ...conditionIds,
    ...listDetailImages(details).map(idOf),
  ])
  const conditionImages = conditionIds.map((id) => stored(id))
  if (!details) return { conditionImages }
  const { negativePrompt, seed, thinkingLevel, safetySettings, turns, providerRequest } = details
  return {
    conditionImages,
    details: {
      negativePrompt,
      seed,
      thinkingLevel,
      safetySettings,
      turns: turns?.map(({ role, text, images = [] }) => ({
        role,
        text,
        images: images.map(({ id }) => stored(id)),
      })),
    },
    providerRequest: providerRequest && {
      body: JSON.parse(providerRequest.body),
      images: providerRequest.images.map(({ id }) => stored(id)),
    },
  }
}

const idOf = ({ id }: ImageRef): string => id

/** Each once, however often it is named. */
const loadAll = async (
  { db, store }: LoadDeps,
  ownerId: string,
  ids: readonly string[],
): Promise<(id: string) => StoredImage> => {
  const wanted = [...new Set(ids)]
  const rows = wanted.length > 0 ? await findOwnedImages(db, ownerId, wanted) : []
  const objects = new Map<string, StoredImage>()
  for (const { id, objectKey } of rows) {
    const object = objectKey ? await store.find(objectKey) : undefined
    if (object) objects.set(id, object)
  }
  return (id) => {
    const object = objects.get(id)
    if (object) return object
    throw new AppError(
      'condition_image_gone',
      'The condition image was deleted before it was used.',
    )
  }
}
