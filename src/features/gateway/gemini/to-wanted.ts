import { generationRequestSchema, promptSchema } from '../../../contract/generation-request.ts'
import { MAX_PROMPT_CHARACTERS } from '../../../contract/limits.ts'
import { imageSizeSchema } from '../../../contract/vocabulary.ts'
import type { Wanted } from '../gateway.ts'
import type { GeminiBody, GeminiContent } from './canonical-body.ts'
import { isObject, type Json, type JsonObject } from './json.ts'

/**
 * What a body asks for, in our own words where these have the provider sent the same: the same picture is one then, by whichever API it is
 * asked for. Else as the provider's own request, each image in it by what it is. `model`: absent for the server's default.
 */
export const toWanted = (body: GeminiBody, model: string | undefined): Wanted => {
  const own = findOwn(body)
  if (own && generationRequestSchema.safeParse(own).success) return withModel(own, model)
  return withModel(toProviderRequest(body), model)
}

const withModel = (wanted: Wanted, model: string | undefined): Wanted => ({
  ...wanted,
  ...(model !== undefined && { model }),
})

/** A word in place of a signature, for what the model did not say itself (ai.google.dev/gemini-api/docs/thought-signatures). */
export const NO_SIGNATURE = 'skip_thought_signature_validator'

/**
 * Ours, where nothing is said that it has no word for. Ours sends one text and then the images, in one turn of the user's after others of
 * either side; whatever comes in another order is another request. Fields may still be none that ours takes.
 */
const findOwn = ({ contents, generationConfig, safetySettings, ...rest }: GeminiBody) => {
  const { responseModalities: _, imageConfig, seed, thinkingConfig, ...others } = generationConfig
  const image = readFields(imageConfig, ['aspectRatio', 'imageSize'])
  const thinking = readFields(thinkingConfig, ['thinkingLevel'])
  const hasMore = Object.keys({ ...rest, ...others }).length > 0
  if (hasMore || !image || !thinking) return undefined
  const turns = contents.map(toTurn)
  const last = turns.pop()
  if (last?.role !== 'user' || last.text === undefined || !last.text.isWellFormed())
    return undefined
  const before = turns.filter((turn) => turn !== undefined)
  if (before.length < turns.length) return undefined
  const { thinkingLevel } = thinking
  return {
    prompt: last.text,
    ...image,
    ...(last.images && { conditionImages: last.images }),
    ...(before.length > 0 && { turns: before }),
    ...(seed !== undefined && { seed }),
    ...(thinkingLevel !== undefined && { thinkingLevel: String(thinkingLevel).toLowerCase() }),
    ...(safetySettings !== undefined && { safetySettings }),
  } as Wanted
}

/** These fields of an object that has no other. */
const readFields = (given: Json | undefined, names: readonly string[]): JsonObject | undefined => {
  if (given === undefined) return {}
  if (!isObject(given)) return undefined
  return Object.keys(given).every((name) => names.includes(name)) ? given : undefined
}

type Turn = { role: string; text?: string; images?: string[] }

/** A turn of one text at most, before its images; undefined for any other. */
const toTurn = ({ role, parts, ...rest }: GeminiContent): Turn | undefined => {
  const bare = parts.map((part) => withoutSignature(role, part))
  if (Object.keys(rest).length > 0 || bare.includes(undefined)) return undefined
  const [first, ...others] = bare as JsonObject[]
  const hasText = typeof first?.text === 'string'
  const images = (hasText ? others : (bare as JsonObject[])).map(readImage)
  if (images.includes(undefined)) return undefined
  return {
    role,
    ...(hasText && { text: String(first?.text) }),
    ...(images.length > 0 && { images: images as string[] }),
  }
}

/** What a model said goes back with the word that ours sends too; undefined for a part that says more. */
const withoutSignature = (role: string, part: JsonObject): JsonObject | undefined => {
  const { thoughtSignature, ...rest } = part
  const expected = role === 'model' ? NO_SIGNATURE : undefined
  if (thoughtSignature !== expected || Object.keys(rest).length !== 1) return undefined
  return rest
}

const readImage = ({ inlineData }: JsonObject): string | undefined => {
  if (!isObject(inlineData)) return undefined
  const { mimeType: _, data, ...rest } = inlineData
  return Object.keys(rest).length === 0 && typeof data === 'string' ? data : undefined
}

const toProviderRequest = (body: GeminiBody): Wanted => {
  const images: string[] = []
  const contents = body.contents.map((content) => ({
    ...content,
    parts: content.parts.map((part) => replaceImage(part, images)),
  }))
  const { imageConfig } = body.generationConfig
  const size = imageSizeSchema.safeParse(isObject(imageConfig) ? imageConfig.imageSize : undefined)
  return {
    prompt: summarize(body),
    ...(size.success && { imageSize: size.data }),
    providerRequest: { body: { ...body, contents }, images },
  }
}

const replaceImage = (part: JsonObject, images: string[]): JsonObject => {
  if (!isObject(part.inlineData)) return part
  const { data, ...described } = part.inlineData
  const place = images.push(String(data)) - 1
  return { ...part, inlineData: { ...described, data: { $image: place } } }
}

/** What people read of it: the user's words. */
const summarize = ({ contents }: GeminiBody): string => {
  const words = contents
    .filter(({ role }) => role === 'user')
    .flatMap(({ parts }) => parts.flatMap(({ text }) => (typeof text === 'string' ? text : [])))
    .join('\n')
    .replaceAll('\u0000', '\ufffd')
    .slice(0, MAX_PROMPT_CHARACTERS)
    .toWellFormed()
  return promptSchema.safeParse(words).success ? words : WORDLESS
}

const WORDLESS = 'A picture without words'
