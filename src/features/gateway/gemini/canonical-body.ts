import { AppError } from '../../../lib/errors.ts'
import { isObject, type Json, type JsonObject, toList, withoutEmpty } from './json.ts'

/** A body of `generateContent`, written in one way. */
export type GeminiBody = JsonObject & { contents: GeminiContent[]; generationConfig: JsonObject }
export type GeminiContent = JsonObject & { role: string; parts: JsonObject[] }

/**
 * The same request written in one way, which is what the provider is sent and what makes two requests one: names in camel case, defaults
 * that are said aloud left out, lists whose order says nothing sorted. The order of contents and parts, and every word in them, stay.
 * Throws `invalid_request` for what is no such body.
 */
export const canonicalize = (given: unknown): GeminiBody => {
  if (!isObject(given)) throw invalid('', 'The body must be an object.')
  const body = renameKeys(given) as JsonObject
  // The address names the model; an address that repeats it says no more.
  const { contents, generationConfig, systemInstruction, safetySettings, model: _, ...rest } = body
  const { serviceTier, ...others } = rest
  const turns = toList(contents).map(canonicalizeContent)
  if (!turns.some(({ parts }) => parts.length > 0)) throw invalid('/contents', 'is required')
  const canonical = withoutEmpty({
    ...others,
    systemInstruction: canonicalizeInstruction(systemInstruction),
    safetySettings: sortBy('category', toList(safetySettings)),
    ...(!isDefault(serviceTier, DEFAULT_TIERS) && { serviceTier }),
  })
  return {
    ...canonical,
    contents: turns,
    generationConfig: canonicalizeConfig(generationConfig),
  }
}

const DEFAULT_TIERS = [
  'STANDARD',
  'SERVICE_TIER_STANDARD',
  'UNSPECIFIED',
  'SERVICE_TIER_UNSPECIFIED',
]

/** Whose keys are a caller's own words, not names of the API. */
const FREE = [
  'args',
  'response',
  'properties',
  'parametersJsonSchema',
  'responseJsonSchema',
  'labels',
]

/** The API takes the names of fields in snake case as well (protobuf, "JSON Mapping"). */
const renameKeys = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(renameKeys)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === '$image') throw invalid('', 'The body must not have the name $image.')
      const name = key.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())
      return [name, FREE.includes(name) ? inner : renameKeys(inner)]
    }),
  )
}

const canonicalizeContent = (content: Json, index: number): GeminiContent => {
  if (!isObject(content)) throw invalid(`/contents/${index}`, 'must be an object')
  const { role, parts, ...rest } = content
  const name = typeof role === 'string' && role !== '' ? role.toLowerCase() : 'user'
  return {
    ...withoutEmpty(rest),
    role: name,
    parts: toList(parts).map((part, at) =>
      canonicalizePart(part, `/contents/${index}/parts/${at}`),
    ),
  }
}

const canonicalizePart = (part: Json, pointer: string): JsonObject => {
  if (!isObject(part)) throw invalid(pointer, 'must be an object')
  const { inlineData, thought, ...rest } = part
  const said = Object.entries(rest).filter(([, value]) => value !== null)
  return {
    ...Object.fromEntries(said),
    ...(thought === true && { thought }),
    ...(isObject(inlineData) && { inlineData: canonicalizeInline(inlineData) }),
  }
}

const canonicalizeInline = ({ mimeType, data, ...rest }: JsonObject): JsonObject => {
  const type = typeof mimeType === 'string' ? mimeType.toLowerCase() : ''
  return {
    ...withoutEmpty(rest),
    mimeType: type === 'image/jpg' ? 'image/jpeg' : type,
    data: data ?? '',
  }
}

/** Its role says nothing; alone, a text may stand for it. */
const canonicalizeInstruction = (given: Json | undefined): Json | undefined => {
  if (typeof given === 'string') return given === '' ? undefined : { parts: [{ text: given }] }
  if (!isObject(given)) return given
  const { role: _, parts, ...rest } = given
  return withoutEmpty({ ...rest, parts: toList(parts) })
}

const canonicalizeConfig = (given: Json | undefined): JsonObject => {
  const config = isObject(given) ? given : {}
  const { candidateCount, responseModalities, responseMimeType, ...rest } = config
  const { thinkingConfig, imageConfig, responseFormat, ...others } = rest
  const { image, ...otherFormat } = isObject(responseFormat) ? responseFormat : {}
  return withoutEmpty({
    ...others,
    responseFormat: withoutEmpty(otherFormat),
    responseModalities: canonicalizeModalities(responseModalities),
    imageConfig: canonicalizeImage({
      ...(isObject(image) && image),
      ...(isObject(imageConfig) && imageConfig),
    }),
    thinkingConfig: canonicalizeThinking(thinkingConfig),
    ...(candidateCount !== 1 && { candidateCount }),
    ...(responseMimeType !== 'text/plain' && { responseMimeType }),
  })
}

/** Newer pages have the same two values as `responseFormat.image`. */
const canonicalizeImage = ({ imageSize, ...rest }: JsonObject): JsonObject =>
  withoutEmpty({ ...rest, ...(imageSize !== DEFAULT_SIZE && { imageSize }) })

/** ai.google.dev/gemini-api/docs/image-generation. */
const DEFAULT_SIZE = '1K'

const canonicalizeModalities = (given: Json | undefined): Json[] =>
  [...new Set(toList(given).map((each) => String(each).toUpperCase()))].sort()

const canonicalizeThinking = (given: Json | undefined): Json | undefined => {
  if (!isObject(given)) return given
  const { includeThoughts, thinkingLevel, ...rest } = given
  const level = typeof thinkingLevel === 'string' ? thinkingLevel.toUpperCase() : thinkingLevel
  return withoutEmpty({
    ...rest,
    ...(includeThoughts !== false && { includeThoughts }),
    ...(level !== 'THINKING_LEVEL_UNSPECIFIED' && { thinkingLevel: level }),
  })
}

const isDefault = (value: Json | undefined, defaults: readonly string[]): boolean =>
  typeof value === 'string' && defaults.includes(value.toUpperCase())

const sortBy = (name: string, list: Json[]): Json[] =>
  [...list].sort((a, b) =>
    String(isObject(a) && a[name]) < String(isObject(b) && b[name]) ? -1 : 1,
  )

const invalid = (pointer: string, message: string) =>
  new AppError('invalid_request', message, { pointer })
