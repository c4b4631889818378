import type { GeminiBody } from './canonical-body.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

/** Images that are kept, and known again by what they show. */
const KEPT_TYPES = ['image/png', 'image/jpeg', 'image/webp']

/**
 * True of a body that asks for one picture of which all is known that can change it: such is made once. `isImageModel`: the model makes
 * pictures where nothing is said.
 */
export const asksForPicture = (body: GeminiBody, isImageModel: boolean): boolean => {
  const { contents, generationConfig, tools, cachedContent } = body
  const { candidateCount = 1 } = generationConfig
  if (!wantsImage(generationConfig, isImageModel)) return false
  if (tools !== undefined || cachedContent !== undefined || candidateCount !== 1) return false
  return contents.every(({ parts }) => parts.every(isKnown))
}

/** True of a configuration whose answer has a picture. */
export const wantsImage = (
  { responseModalities: modalities }: JsonObject,
  isImageModel: boolean,
): boolean =>
  Array.isArray(modalities)
    ? modalities.includes('IMAGE') && !modalities.includes('AUDIO')
    : isImageModel

/** A file of the provider's may be another tomorrow. */
const isKnown = (part: JsonObject): boolean =>
  part.fileData === undefined && (part.inlineData === undefined || isKept(part.inlineData))

const isKept = (inline: Json): boolean =>
  isObject(inline) &&
  typeof inline.data === 'string' &&
  KEPT_TYPES.includes(String(inline.mimeType))
