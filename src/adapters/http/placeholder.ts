import { aspectRatioSchema } from '../../contract/vocabulary.ts'
import type { HttpContext } from './http-context.ts'

/** The stand-in as a `data:` URL, which shows without anybody being asked. In `aspectRatio` where that is one. */
export const drawStandIn = async (
  { placeholder }: Pick<HttpContext, 'placeholder'>,
  kind: 'pending' | 'failed',
  aspectRatio?: unknown,
): Promise<string> => {
  const ratio = aspectRatioSchema.safeParse(aspectRatio).data
  const { bytes, mimeType } = await placeholder(kind, toRatio(ratio))
  return `data:${mimeType};base64,${Buffer.from(bytes).toString('base64')}`
}

/** Square without one. */
export const toRatio = (aspectRatio: string | null | undefined) => {
  const [width, height] = (aspectRatio ?? '1:1').split(':').map(Number)
  return { width: width ?? 1, height: height ?? 1 }
}
