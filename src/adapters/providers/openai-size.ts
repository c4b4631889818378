import type { AspectRatio, ImageSize } from '../../contract/vocabulary.ts'

/** What every model of OpenAI makes, and what it recommends (OpenAI API, "Image generation", size). */
const USUAL: Partial<Record<AspectRatio, string>> = {
  '1:1': '1024x1024',
  '3:2': '1536x1024',
  '2:3': '1024x1536',
}

/** The side of a square. */
const SIDE: Record<ImageSize, number> = { '1K': 1_024, '2K': 2_048, '4K': 2_880 }

/** Bounds of a size (the same page): sides are multiples of this, and no longer than that. */
const STEP = 16
const MAX_SIDE = 3_840

/**
 * The pixels to ask for: of the ratio, as many as a square of the size has. Without a ratio the model chooses, where it is known to (`auto`)
 * and nothing larger is wanted.
 */
export const toPixels = (
  { aspectRatio, imageSize }: { aspectRatio?: AspectRatio | undefined; imageSize: ImageSize },
  choosesItself: boolean,
): string => {
  if (!aspectRatio && imageSize === '1K' && choosesItself) return 'auto'
  const ratio = aspectRatio ?? '1:1'
  const usual = imageSize === '1K' ? USUAL[ratio] : undefined
  if (usual) return usual
  const [width = 1, height = 1] = ratio.split(':').map(Number)
  const long = Math.max(width, height) / Math.min(width, height)
  const longSide = Math.min(MAX_SIDE, floorToStep(SIDE[imageSize] * Math.sqrt(long)))
  const shortSide = floorToStep(longSide / long)
  return width >= height ? `${longSide}x${shortSide}` : `${shortSide}x${longSide}`
}

const floorToStep = (side: number): number => Math.floor(side / STEP) * STEP
