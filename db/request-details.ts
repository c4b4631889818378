import type { SafetySetting, ThinkingLevel, TurnRole } from '../src/contract/vocabulary.ts'

/** One of the owner's images, and what identifies it (`Identity.conditionImageDigest`). */
export type ImageRef = { id: string; digest: string }

/**
 * What a request says beyond the columns of `generations`; what it does not say is not there. No key has an underscore, as the
 * plugin that renames columns would rename it.
 */
export type RequestDetails = {
  /** Two or more condition images, in order: the first is in the columns too. */
  conditionImages?: ImageRef[]
  negativePrompt?: string
  seed?: number
  thinkingLevel?: ThinkingLevel
  safetySettings?: SafetySetting[]
  turns?: DetailTurn[]
  /** Which of several pictures of the same words, from 2. */
  number?: number
  /** What the provider is sent instead: JSON as text, so that it stays as it is, with `{"$image": k}` for the k-th image. */
  providerRequest?: { body: string; images: ImageRef[] }
}

export type DetailTurn = { role: TurnRole; text?: string; images?: ImageRef[] }
