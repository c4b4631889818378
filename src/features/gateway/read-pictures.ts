import { principalOf } from '../../adapters/http/auth.ts'
import type { ImageStore, StoredImage } from '../../generation/ports.ts'
import type { GenerationWithImage } from '../../generation/state/repository.ts'
import type { ByteBudget } from '../../lib/byte-budget.ts'
import { AppError } from '../../lib/errors.ts'
import type { Logger } from '../../lib/logger.ts'
import type { ReadPictures } from './gateway.ts'

export type ReadPicturesDeps = {
  store: Pick<ImageStore, 'find'>
  /** What the pictures of answers may have of memory while they are read and sent. */
  answers: ByteBudget
  /** Reports an object that the store says it has not; never rejects. */
  onImageMissing: (objectKey: string) => Promise<void>
  /** Called with the id of each generation whose image is shown. */
  recordAccess: (id: string) => void
  logger: Logger
}

/** See `ReadPictures`. */
export const createReadPictures =
  (deps: ReadPicturesDeps): ReadPictures =>
  async (res, generations) => {
    const bytes = generations.reduce((sum, generation) => sum + countBytes(generation), 0)
    const release = await deps.answers.take(bytes, principalOf(res).ownerId)
    res.once('close', release)
    if (res.closed) release()
    const images: StoredImage[] = []
    for (const { id, imageObjectKey } of generations) {
      images.push(await find(deps, imageObjectKey ?? ''))
      deps.recordAccess(id)
    }
    return images
  }

const find = async (
  { store, onImageMissing, logger }: ReadPicturesDeps,
  objectKey: string,
): Promise<StoredImage> => {
  const image = await store.find(objectKey).catch((err: unknown) => {
    logger.error({ objectKey, err }, 'the image store does not give an image')
    throw unavailable('The image store does not answer; send this again.')
  })
  if (image) return image
  await onImageMissing(objectKey)
  throw unavailable('The image is lost; send this again, and it is made anew.')
}

/** More than a picture of that size has, as bytes and as the base64 of an answer. */
const BYTES_PER_PIXEL = 6
const UNKNOWN_PIXELS = 1024 * 1024

const countBytes = ({ width, height }: GenerationWithImage): number =>
  BYTES_PER_PIXEL * (width && height ? width * height : UNKNOWN_PIXELS)

const unavailable = (message: string) =>
  new AppError('unavailable', message, { retryable: true, retryAfterMs: 1_000 })
