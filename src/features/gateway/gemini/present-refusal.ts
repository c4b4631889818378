import { AppError } from '../../../lib/errors.ts'
import type { JsonObject } from './json.ts'

/**
 * What Gemini answers, with 200, where it has no picture for a request: why it refused the prompt, or withheld what it made. Undefined for
 * every other error.
 */
export const presentRefusal = (error: unknown): JsonObject | undefined => {
  if (!(error instanceof AppError)) return undefined
  const { code, message } = error
  const reason = /\(([A-Z][A-Z_]+)\)/.exec(message)?.[1]
  if (code === 'refused_prompt') {
    return { promptFeedback: { blockReason: reason ?? 'OTHER', blockReasonMessage: message } }
  }
  if (code !== 'refused_image' && code !== 'no_image') return undefined
  const isSaid = reason !== undefined && reason !== 'STOP'
  const finishReason = isSaid ? reason : code === 'no_image' ? 'NO_IMAGE' : 'IMAGE_SAFETY'
  return { candidates: [{ finishReason, finishMessage: message, index: 0 }] }
}
