import { isGenerationId } from '../../../contract/identity.ts'
import { type OutputFormat, outputFormatSchema } from '../../../contract/vocabulary.ts'

/** What one request of fal's is of ours. */
export type QueuedRequest = {
  /** In the order of its pictures. */
  generationIds: string[]
  /** How the pictures are handed over; as they were made where it is absent. */
  outputFormat?: OutputFormat | undefined
}

/** fal's `num_images` goes no further. */
export const MAX_IMAGES = 4

/**
 * What callers know a request by: its generations' ids and how their pictures are handed over, with dots between them. Nothing else is
 * kept of it. It can be computed by who knows an owner and a prompt, and is no permission.
 */
export const formatRequestId = ({ generationIds, outputFormat }: QueuedRequest): string =>
  [...generationIds, ...(outputFormat ? [outputFormat] : [])].join('.')

/** Undefined for what is no request id of ours. */
export const parseRequestId = (text: string): QueuedRequest | undefined => {
  const parts = text.split('.')
  const format = outputFormatSchema.safeParse(parts.at(-1)).data
  const generationIds = format ? parts.slice(0, -1) : parts
  const isKnown = generationIds.length >= 1 && generationIds.length <= MAX_IMAGES
  if (!isKnown || !generationIds.every(isGenerationId)) return undefined
  return { generationIds, outputFormat: format }
}
