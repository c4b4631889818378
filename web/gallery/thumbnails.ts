import type { Image } from '../../src/client.ts'

/** The widths that the server makes thumbnails in. */
const WIDTHS = [160, 320, 640, 1280]

/** The image in every width that is less than its own, for `srcset`. */
export const listThumbnails = ({ imageUrl, width = 0 }: Image, least = 0): string =>
  WIDTHS.filter((thumbnail) => thumbnail >= least)
    .filter((thumbnail, index) => index === 0 || thumbnail < width)
    .map((thumbnail) => `${thumbnailUrl(imageUrl, thumbnail)} ${thumbnail}w`)
    .join(', ')

export const thumbnailUrl = (imageUrl: string, width: number): string => {
  const url = new URL(imageUrl, location.origin)
  url.searchParams.set('w', String(width))
  return url.href
}
