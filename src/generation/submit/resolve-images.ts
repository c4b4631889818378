import type { NewImage } from '../../../db/schema.ts'
import type { GenerationRequest } from '../../contract/generation-request.ts'
import { MAX_IMAGES_BYTES } from '../../contract/limits.ts'
import { AppError } from '../../lib/errors.ts'

export type ConditionImage = {
  id: string
  /** What identifies it: SHA-256 (hex) of its bytes as they were sent, or of the first picture that shows the same. */
  digest: string
  /** How large the stored object is, where that is known. */
  sizeBytes?: number
  /** Its row, where Postgres did not answer and could not take it. */
  upload?: NewImage
}

/** Stores a condition image, or finds it by its image id. `pointer`: where it stands in the request. */
export type ResolveConditionImage = (
  ownerId: string,
  conditionImage: string,
  pointer?: string,
) => Promise<ConditionImage>

export type ResolvedImages = {
  conditionImages: ConditionImage[]
  /** Of each turn. */
  ofTurns: ConditionImage[][]
  ofProviderRequest: ConditionImage[]
  /** The rows of those that Postgres could not take. */
  uploads: NewImage[]
}

/**
 * All images of a request, in order, each stored or found. One after the other: whether one shows the same as another is known
 * once that one is there, and the bytes of a single one are decoded at a time. Throws `invalid_request` where they are too large for one call.
 */
export const resolveImages = async (
  { resolveConditionImage }: { resolveConditionImage: ResolveConditionImage },
  ownerId: string,
  request: GenerationRequest,
): Promise<ResolvedImages> => {
  const known = new Map<string, ConditionImage>()
  const resolve = async (image: string, pointer: string): Promise<ConditionImage> => {
    const found = known.get(image) ?? (await resolveConditionImage(ownerId, image, pointer))
    known.set(image, found)
    return found
  }
  const resolveAll = async (images: readonly string[], pointer: string) => {
    const resolved: ConditionImage[] = []
    for (const [index, image] of images.entries()) {
      resolved.push(await resolve(image, `${pointer}/${index}`))
    }
    return resolved
  }
  const { conditionImage, turns = [], providerRequest } = request
  const conditionImages = conditionImage
    ? [await resolve(conditionImage, '/conditionImage')]
    : await resolveAll(request.conditionImages ?? [], '/conditionImages')
  const ofTurns: ConditionImage[][] = []
  for (const [index, { images = [] }] of turns.entries()) {
    ofTurns.push(await resolveAll(images, `/turns/${index}/images`))
  }
  const ofProviderRequest = await resolveAll(
    providerRequest?.images ?? [],
    '/providerRequest/images',
  )
  assertFit(conditionImages, ofTurns)
  const uploads = [...known.values()].flatMap(({ upload }) => upload ?? [])
  return { conditionImages, ofTurns, ofProviderRequest, uploads }
}

/** A single one was bounded when it came. */
const assertFit = (conditionImages: ConditionImage[], ofTurns: ConditionImage[][]): void => {
  const all = [...conditionImages, ...ofTurns.flat()]
  const totalBytes = all.reduce((sum, { sizeBytes = 0 }) => sum + sizeBytes, 0)
  if (all.length < 2 || totalBytes <= MAX_IMAGES_BYTES) return
  throw new AppError(
    'invalid_request',
    `must have at most ${MAX_IMAGES_BYTES} bytes together in the store, with all images of the request; they have ${totalBytes}`,
    { pointer: conditionImages.length > 1 ? '/conditionImages' : '/turns' },
  )
}
