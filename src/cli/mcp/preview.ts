import type { ImageContent } from '@modelcontextprotocol/sdk/types.js'
import { StartError } from '../../lib/errors.ts'

/** Enough to judge a picture by; some 50 KB. */
export const PREVIEW_WIDTH = 640
const TIMEOUT_MS = 20_000

/**
 * A small rendition of an image, as a model is shown it. Asked of the server by the address that is known to lead there, whatever
 * its image URLs begin with. Throws `StartError`.
 */
export const loadPreview = async (
  serverUrl: string,
  imageUrl: string,
  signal: AbortSignal,
): Promise<ImageContent> => {
  const { pathname, search } = new URL(imageUrl)
  const preview = new URL(`${serverUrl}${pathname.replace(/^.*(?=\/images\/)/, '')}${search}`)
  preview.searchParams.set('w', String(PREVIEW_WIDTH))
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(preview, { signal: AbortSignal.any([signal, timeout]) })
  const mimeType = response.headers.get('Content-Type') ?? ''
  if (!response.ok || !mimeType.startsWith('image/') || response.headers.has(PLACEHOLDER)) {
    await response.body?.cancel()
    throw new StartError(`its preview did not come (${response.status})`)
  }
  const data = Buffer.from(await response.arrayBuffer()).toString('base64')
  return { type: 'image', mimeType, data }
}

const PLACEHOLDER = 'Imageonce-Placeholder'
