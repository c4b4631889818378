import type { EncodedImage } from '../../generation/ports.ts'
import { loadSharp } from '../../lib/images.ts'
import { drawPlaceholder, type PlaceholderKind } from './placeholder-drawing.ts'

const LONG_EDGE = 640
/** The most drawn out placeholder, long edge to short. */
const MAX_STRETCH = 4
/** Ratios come from requests: more different ones than this are drawn anew. */
const MAX_KEPT = 64

/**
 * Draws the placeholder: `pending` while a picture is on its way, `failed` when none will come. Half
 * transparent, so that it suits light and dark pages alike. Without a usable ratio it is square.
 */
export const createPlaceholder = () => {
  const kept = new Map<string, Promise<EncodedImage>>()
  return (
    kind: PlaceholderKind,
    ratio?: { width: number; height: number },
  ): Promise<EncodedImage> => {
    const { width, height } = sizeOf(ratio)
    const key = `${kind} ${width}x${height}`
    const known = kept.get(key)
    if (known) return known
    const drawing = encode(drawPlaceholder(kind, width, height))
    const [oldest] = kept.keys()
    if (kept.size >= MAX_KEPT && oldest) kept.delete(oldest)
    kept.set(key, drawing)
    drawing.catch(() => kept.delete(key))
    return drawing
  }
}

const sizeOf = (ratio: { width: number; height: number } = { width: 1, height: 1 }) => {
  const asked = ratio.width / ratio.height
  const stretch = asked > 0 ? Math.min(MAX_STRETCH, Math.max(1 / MAX_STRETCH, asked)) : 1
  return {
    width: Math.round(LONG_EDGE * Math.min(1, stretch)),
    height: Math.round(LONG_EDGE * Math.min(1, 1 / stretch)),
  }
}

const encode = async (svg: string): Promise<EncodedImage> => {
  const sharp = await loadSharp()
  const bytes = await sharp(Buffer.from(svg)).webp({ quality: 90, alphaQuality: 100 }).toBuffer()
  return { bytes, mimeType: 'image/webp' }
}
