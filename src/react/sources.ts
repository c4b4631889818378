import type { GenerationResult } from '../client/result.ts'
import { THUMBNAIL_WIDTHS } from '../contract/limits.ts'
import type { GenerationState } from './asking.ts'

/** One transparent pixel: no element comes or goes when the picture does, and nothing broken is shown. */
export const BLANK =
  'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'

export type Source = { src: string; srcSet?: string | undefined; thumbhash?: string | undefined }

/** What there is to show: the picture, a placeholder that came in its place, or nothing yet. */
export const describeSource = ({ picture, generation }: GenerationState): Source => {
  if (picture) {
    return { src: picture.imageUrl, srcSet: listSources(picture), thumbhash: picture.thumbhash }
  }
  return { src: generation?.isPlaceholder ? generation.imageUrl : BLANK }
}

/** The picture in each width that the server makes, and its own, for `srcset`. */
const listSources = ({ imageUrl, width }: GenerationResult): string | undefined => {
  if (!width) return undefined
  const mark = imageUrl.includes('?') ? '&' : '?'
  const narrower = THUMBNAIL_WIDTHS.filter((each) => each < width)
  const sources = narrower.map((each) => `${imageUrl}${mark}w=${each} ${each}w`)
  return [...sources, `${imageUrl} ${width}w`].join(', ')
}

export type Shape = { width: number; height: number }

type Given = { width?: number | undefined; height?: number | undefined }

const DEFAULT_WIDTH = 1_024

/** The space that is kept, whatever comes to fill it: as it was given, in the ratio that was asked for, else square. */
export const toShape = ({ width, height }: Given, aspectRatio = '1:1'): Shape => {
  if (width && height) return { width, height }
  const [across = 1, down = 1] = aspectRatio.split(':').map(Number)
  const full = width ?? (height ? (height * across) / down : DEFAULT_WIDTH)
  return { width: Math.round(full), height: Math.round((full * down) / across) }
}
