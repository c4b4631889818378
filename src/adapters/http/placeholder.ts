import { aspectRatioSchema } from '../../contract/vocabulary.ts'
import type { EncodedImage } from '../../generation/ports.ts'

/** Draws the placeholder that stands where there is no image yet, or where there will be none. */
export type DrawPlaceholder = (
  kind: 'pending' | 'failed',
  ratio?: { width: number; height: number },
) => Promise<EncodedImage>

/** The placeholder as a `data:` URL, which shows without another request. In `aspectRatio` where that is one. */
export const drawPlaceholderUrl = async (
  draw: DrawPlaceholder,
  kind: 'pending' | 'failed',
  aspectRatio?: unknown,
): Promise<string> => {
  const ratio = aspectRatioSchema.safeParse(aspectRatio).data
  const { bytes, mimeType } = await draw(kind, toRatio(ratio))
  return `data:${mimeType};base64,${Buffer.from(bytes).toString('base64')}`
}

/** Square without one. */
export const toRatio = (aspectRatio: string | null | undefined) => {
  const [width, height] = (aspectRatio ?? '1:1').split(':').map(Number)
  return { width: width ?? 1, height: height ?? 1 }
}
