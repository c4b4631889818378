import { MAX_IMAGE_PIXELS } from '../../contract/limits.ts'
import { loadSharp, refuseImage, withImage } from '../../lib/images.ts'
import { limitConcurrency } from '../../lib/limit-concurrency.ts'

const LIMITS = { maxPixels: MAX_IMAGE_PIXELS, maxSeconds: 10 }

const inTurn = limitConcurrency(1, { maxWaitMs: 10_000, maxWaiting: 20 })

/**
 * Says in black and white what a mask says by its transparency: white is where it is transparent, which is where a picture may be
 * changed. Models that know no masks see that, and of transparency nothing. As png; equal masks give equal bytes. Throws `invalid_image`
 * for one that is opaque everywhere.
 */
export const drawMask = (bytes: Uint8Array, ownerId: string): Promise<Buffer> =>
  inTurn(
    () =>
      withImage(bytes, LIMITS, async ({ image, metadata }) => {
        if (!metadata.hasAlpha) throw refuseImage(OPAQUE)
        const alpha = image.ensureAlpha().extractChannel('alpha')
        const { data, info } = await alpha.negate().raw().toBuffer({ resolveWithObject: true })
        if (data.every((white) => white === 0)) throw refuseImage(OPAQUE)
        return encode(data, info)
      }),
    ownerId,
  )

const OPAQUE = 'The mask has no transparent part: that is where the picture is to be changed.'

const encode = async (
  pixels: Buffer,
  { width, height }: { width: number; height: number },
): Promise<Buffer> => {
  const sharp = await loadSharp()
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer()
}
