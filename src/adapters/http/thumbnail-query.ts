import type { Request } from 'express'
import { THUMBNAIL_FORMATS, THUMBNAIL_WIDTHS } from '../../contract/limits.ts'
import type { ThumbnailSize } from '../../generation/read/thumbnail-keys.ts'
import { AppError } from '../../lib/errors.ts'

/**
 * The thumbnail that `?w` asks for; undefined for the image itself. Its format is in the URL (`&format=avif`) and else
 * webp, which everything with `<img>` reads: a cache that ignores `Vary` would give avif to those who can't read it.
 */
export const parseThumbnailQuery = (req: Request): ThumbnailSize | undefined => {
  const { w, format = 'webp' } = req.query
  if (w === undefined) return undefined
  return {
    width: pick('w', THUMBNAIL_WIDTHS, w),
    format: pick('format', THUMBNAIL_FORMATS, format),
  }
}

const pick = <T extends string | number>(
  name: string,
  allowed: readonly T[],
  given: unknown,
): T => {
  const found = allowed.find((each) => String(each) === given)
  if (found !== undefined) return found
  throw new AppError('invalid_request', `${name} must be one of: ${allowed.join(', ')}`, {
    pointer: `?${name}`,
  })
}
