import type { Request } from 'express'
import { THUMBNAIL_WIDTHS } from '../../contract/limits.ts'
import type { ThumbnailFormat, ThumbnailSize } from '../../generation/read/thumbnail-keys.ts'
import { AppError } from '../../lib/errors.ts'

/** The thumbnail that `?w` asks for, in the best format that the caller takes; undefined for the image itself. */
export const parseThumbnailQuery = (req: Request): ThumbnailSize | undefined => {
  const { w } = req.query
  if (w === undefined) return undefined
  const width = THUMBNAIL_WIDTHS.find((allowed) => String(allowed) === w)
  if (width) return { width, format: chooseFormat(req.get('Accept')) }
  throw new AppError('invalid_request', `w must be one of: ${THUMBNAIL_WIDTHS.join(', ')}`, {
    pointer: '?w',
  })
}

/** Only who names avif gets it; webp is read by everything that has `<img>` nowadays. */
const chooseFormat = (accept = ''): ThumbnailFormat => {
  const avif = accept.split(',').find((range) => /^\s*image\/avif\s*(;|$)/i.test(range))
  return avif && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(avif) ? 'avif' : 'webp'
}
