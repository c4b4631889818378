import {
  DEFAULT_IMAGE_SIZE,
  type ImageSize,
  imageSizeSchema,
} from '../../../contract/vocabulary.ts'
import type { NanoUsd } from '../../../lib/money.ts'
import type { GeminiBody } from './canonical-body.ts'
import { isObject, type Json } from './json.ts'
import type { Upstream } from './upstream.ts'

/** Fewer than a token of any language has. */
const CHARACTERS_PER_TOKEN = 3
/** Of one image or file (ai.google.dev/gemini-api/docs/tokens), rounded up. */
const TOKENS_PER_FILE = 1_300
/** Where a call does not say; few answers are longer. */
const DEFAULT_OUTPUT_TOKENS = 8_192

/** A thousand dollars: who asks for more than that gets no more than the model has. */
const MAX_CALL_NANO_USD = 1_000_000_000_000

/** What a call that is handed on may cost: what it says, and as much as it lets the model say. */
export const estimateCall = (
  { price, priceImage }: Upstream,
  model: string,
  body: GeminiBody,
  hasImages: boolean,
): NanoUsd => {
  const { maxOutputTokens, candidateCount } = body.generationConfig
  const candidates = toCount(candidateCount) ?? 1
  const output = candidates * (toCount(maxOutputTokens) ?? DEFAULT_OUTPUT_TOKENS)
  const { nanoUsd } = price(model, { input: countTokens(body), output })
  const all = nanoUsd + (hasImages ? candidates * priceImage(model, sizeOf(body)) : 0)
  return Math.min(all, MAX_CALL_NANO_USD)
}

export const sizeOf = ({ generationConfig: { imageConfig } }: GeminiBody): ImageSize => {
  const size = imageSizeSchema.safeParse(isObject(imageConfig) ? imageConfig.imageSize : undefined)
  return size.success ? size.data : DEFAULT_IMAGE_SIZE
}

const countTokens = (value: Json): number => {
  if (typeof value === 'string') return Math.ceil(value.length / CHARACTERS_PER_TOKEN)
  if (Array.isArray(value)) return sum(value.map(countTokens))
  if (!isObject(value)) return 1
  if ('data' in value || 'fileUri' in value) return TOKENS_PER_FILE
  return sum(Object.values(value).map((inner) => 1 + countTokens(inner)))
}

const sum = (counts: number[]): number => counts.reduce((all, count) => all + count, 0)

const toCount = (value: Json | undefined): number | undefined =>
  typeof value === 'number' && value > 0 ? Math.ceil(value) : undefined
