import type { GenerationResult } from './result.ts'

const HERE = 'http://here.invalid'

/** True when there is a picture already, so that none need be asked for. */
export const shouldSkipImageGeneration = (existingImageUrl: unknown): boolean =>
  isValidImageUrl(existingImageUrl)

/**
 * True for the URL of a real picture: http(s), or one of the server's own, relative (`/images/…`). Not for placeholders,
 * `data:`, `javascript:`, blanks, and `undefined` and `null` made into text.
 */
export const isValidImageUrl = (url: unknown): url is string => {
  if (typeof url !== 'string' || !/^\s*(https?:\/\/|\/images\/)/i.test(url)) return false
  const parsed = parseUrl(url.trim())
  if (!parsed || isPlaceholderUrl(parsed)) return false
  return parsed.origin !== HERE || /^\/images\/./.test(parsed.pathname)
}

/** What an app keeps of a generation beside its own record. A placeholder's URL is left out: it must not be kept. */
export const extractImageMetadata = (generation: GenerationResult) => ({
  generationId: generation.id,
  imageUrl: generation.isPlaceholder ? undefined : generation.imageUrl,
  isPlaceholder: generation.isPlaceholder,
  isExisting: generation.isExisting,
  isConditioned: generation.isConditioned,
  prompt: generation.prompt,
  transformation: generation.transformation,
  provider: generation.provider,
  model: generation.model,
  aspectRatio: generation.aspectRatio,
  imageSize: generation.imageSize,
  width: generation.width,
  height: generation.height,
  thumbhash: generation.thumbhash,
  generatedAt: generation.finishedAt,
})
export type ImageMetadata = ReturnType<typeof extractImageMetadata>

const parseUrl = (url: string): URL | undefined => {
  try {
    return new URL(url, HERE)
  } catch {
    return undefined
  }
}

/** By name, as a word of the host or the path: via.placeholder.com, /img/placeholder-2.png. */
const isPlaceholderUrl = ({ hostname, pathname }: URL): boolean =>
  /(^|[^a-z])placeholders?([^a-z]|$)/i.test(`${hostname}${pathname}`)
