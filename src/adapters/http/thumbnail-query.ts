import type { Request } from 'express'
import { THUMBNAIL_FORMATS, THUMBNAIL_WIDTHS } from '../../contract/limits.ts'
import { outputFormatSchema } from '../../contract/vocabulary.ts'
import type { ThumbnailSize } from '../../generation/read/thumbnail-keys.ts'
import { AppError } from '../../lib/errors.ts'

/**
 * The thumbnail that `?w` asks for, or by `?format` alone the whole image in that format; undefined for the image itself. A thumbnail's format is in the URL (`&format=avif`) and else
 * webp, which everything with `<img>` reads: a cache that ignores `Vary` would give avif to those who can't read it.
 */
export const parseThumbnailQuery = (req: Request): ThumbnailSize | undefined => {
  const { w, format } = req.query
  if (w === undefined && format === undefined) return undefined
  if (w === undefined) {
    return { width: 'whole', format: pick('format', outputFormatSchema.options, format) }
  }
  return {
    width: pick('w', THUMBNAIL_WIDTHS, w),
    format: pick('format', THUMBNAIL_FORMATS, format ?? 'webp'),
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
