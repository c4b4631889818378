import type { OutputFormat } from './vocabulary.ts'

/** The URL of an image, of its picture in this format; as it is where there is none. */
export const withFormat = (imageUrl: string, format: OutputFormat | undefined): string =>
  format ? `${imageUrl}${imageUrl.includes('?') ? '&' : '?'}format=${format}` : imageUrl
