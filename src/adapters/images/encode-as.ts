import type { Sharp } from 'sharp'
import { MAX_IMAGE_PIXELS } from '../../contract/limits.ts'
import type { ImageMimeType } from '../../contract/vocabulary.ts'
import type { EncodedImage } from '../../generation/ports.ts'
import { withImage } from '../../lib/images.ts'
import { limitConcurrency } from '../../lib/limit-concurrency.ts'

/** Of libuv's four threads, so that files and DNS never wait for pictures. */
const inTurn = limitConcurrency(2, { maxWaitMs: 30_000, maxWaiting: 100 })

/** A model's picture of 4K has 17 million. */
const LIMITS = { maxPixels: MAX_IMAGE_PIXELS, maxSeconds: 20 }

/**
 * A picture in another format, of that quality (0 to 100) where the format has one; as it is where it is in that format already and no
 * quality is asked for. Equal input gives equal output. Owners take turns. Throws `unavailable` where it takes too long to be one's turn.
 */
export const encodeAs = async (
  { bytes, mimeType }: EncodedImage,
  { format, quality: asked }: { format: ImageMimeType; quality?: number | undefined },
  ownerId: string,
): Promise<EncodedImage> => {
  if (format === mimeType && (asked === undefined || format === 'image/png')) {
    return { bytes, mimeType }
  }
  const quality = Math.max(LEAST, asked ?? QUALITY)
  const encode = () =>
    withImage(bytes, LIMITS, ({ image }) => encoders[format](image, quality).toBuffer())
  return { bytes: await inTurn(encode, ownerId), mimeType: format }
}

/** Where nothing is said, and the least that there is. */
const QUALITY = 90
const LEAST = 1

/** A jpeg has no transparency: what shows through is white, as on paper. */
const encoders: Record<ImageMimeType, (image: Sharp, quality: number) => Sharp> = {
  'image/png': (image) => image.png(),
  'image/jpeg': (image, quality) => image.flatten({ background: 'white' }).jpeg({ quality }),
  'image/webp': (image, quality) => image.webp({ quality }),
}
