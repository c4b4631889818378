import type { Response } from 'express'
import type { StoredImage } from '../../../generation/ports.ts'
import type { GenerationWithImage } from '../../../generation/state/repository.ts'
import type { Gateway } from '../gateway.ts'
import { Base64 } from '../send-answer.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { NO_SIGNATURE } from './to-wanted.ts'

/**
 * What Gemini answered when a generation's image was made, with the pictures in it as they are kept: the same answer every time, with the
 * usage that clients bill by. One of the same form where that is not on record, as for a picture that our own API's drawer made.
 * `isImageOnly`: no words were asked for.
 */
export const readAnswer = async (
  { readKeptAnswer, readPictures, readSurplus }: Gateway,
  res: Response,
  generation: GenerationWithImage,
  isImageOnly: boolean,
): Promise<object> => {
  const [[picture], kept] = await Promise.all([
    readPictures(res, [generation]),
    readKeptAnswer(generation),
  ])
  if (!picture) throw new Error('a picture was not read')
  const image = toInline(picture)
  // Another provider's answer has another form.
  if (!isObject(kept) || !Array.isArray(kept.candidates)) return synthesize(generation, image)
  const surplus = new Map<string, Inline>()
  for (const digest of listDigests(kept)) {
    const found =
      digest === generation.imageContentDigest ? undefined : await readSurplus(generation, digest)
    if (found) surplus.set(digest, toInline(found))
  }
  const find = (digest: string): Inline | undefined =>
    digest === generation.imageContentDigest ? image : surplus.get(digest)
  return fill(kept, find, isImageOnly)
}

type Inline = { mimeType: string; data: Base64 }

const toInline = ({ mimeType, bytes }: StoredImage): Inline => ({
  mimeType,
  data: new Base64(bytes),
})

const synthesize = ({ id, model }: GenerationWithImage, inlineData: Inline): object => ({
  candidates: [
    {
      content: { role: 'model', parts: [{ inlineData, thoughtSignature: NO_SIGNATURE }] },
      finishReason: 'STOP',
      index: 0,
    },
  ],
  modelVersion: model,
  responseId: id,
})

/** A picture that is not kept any more is left out, as its part would have no data. */
const fill = (
  kept: JsonObject,
  find: (digest: string) => Inline | undefined,
  isImageOnly: boolean,
): object => {
  const fillPart = (part: Json): unknown[] => {
    if (!isObject(part)) return [part]
    const digest = digestOf(part.inlineData)
    if (digest === undefined) return isImageOnly && isWords(part) ? [] : [part]
    const found = find(digest)
    const described = isObject(part.inlineData) ? part.inlineData : {}
    return found ? [{ ...part, inlineData: { ...described, ...found } }] : []
  }
  const { candidates } = kept
  if (!Array.isArray(candidates)) return kept
  return {
    ...kept,
    candidates: candidates.map((candidate) => {
      if (!isObject(candidate) || !isObject(candidate.content)) return candidate
      const { parts } = candidate.content
      if (!Array.isArray(parts)) return candidate
      return { ...candidate, content: { ...candidate.content, parts: parts.flatMap(fillPart) } }
    }),
  }
}

const isWords = ({ text, thought }: JsonObject): boolean =>
  typeof text === 'string' && thought !== true

/** The digest of the picture that stands where its data were. */
const digestOf = (inline: Json | undefined): string | undefined => {
  const data = isObject(inline) ? inline.data : undefined
  return isObject(data) && typeof data.digest === 'string' ? data.digest : undefined
}

const listDigests = (value: Json): string[] => {
  if (Array.isArray(value)) return value.flatMap(listDigests)
  if (!isObject(value)) return []
  const digest = digestOf(value.inlineData)
  return [...(digest === undefined ? [] : [digest]), ...Object.values(value).flatMap(listDigests)]
}
