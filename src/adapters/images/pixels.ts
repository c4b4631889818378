import { setImmediate } from 'node:timers/promises'
import { type DecodeLimits, withImage } from '../../lib/images.ts'

/** A picture as a person sees it: upright, 8-bit sRGB. */
export type Pixels = {
  width: number
  height: number
  /** Red, green, blue and alpha of each pixel; what is fully transparent has no colour. */
  rgba: Uint8Array
}

/** Throws `AppError` `invalid_image` for what does not decode within the limits. */
export const decodePixels = async (bytes: Uint8Array, limits: DecodeLimits): Promise<Pixels> => {
  const { data: rgba, info } = await withImage(bytes, limits, ({ image }) =>
    image.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true }),
  )
  const { width, height } = info
  for await (const { from, to } of stripsOf({ width, height })) {
    for (let at = from * width * 4; at < to * width * 4; at += 4) {
      if (rgba[at + 3] === 0) rgba.fill(0, at, at + 3)
    }
  }
  return { width, height, rgba }
}

/** A strip's height is a multiple of it. */
export const STRIP_ROWS = 32
/** Two are compared in some 5 ms; a strip of a picture of 5,000 pixels a row is five times as large. */
const STRIP_PIXELS = 32 * 1024

/** The rows of a picture in strips, from the top; others have their turn in between. */
export async function* stripsOf({ width, height }: { width: number; height: number }) {
  const rows = STRIP_ROWS * Math.max(1, Math.floor(STRIP_PIXELS / width / STRIP_ROWS))
  for (let from = 0; from < height; from += rows) {
    yield { from, to: Math.min(height, from + rows) }
    await setImmediate()
  }
}
