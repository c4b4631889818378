import { DEFAULT_IMAGE_SIZE } from './limits.ts'
import type {
  AspectRatio,
  ImageSize,
  ProviderName,
  SafetySetting,
  ThinkingLevel,
  Transformation,
  TurnRole,
} from './vocabulary.ts'

/** 160 bits of SHA-256: 40 hex digits. */
const ID_HEX_DIGITS = 40

/** Everything that makes two requests ask for the same image. */
export type Identity = {
  owner: string
  prompt: string
  transformation?: Transformation
  /**
   * The condition image's `digest` as the server answers it (`Image`): SHA-256 (hex) of its bytes as they were sent, unless the
   * owner had a picture before that shows the same. Then it is that one's.
   */
  conditionImageDigest?: string | undefined
  /** Of several condition images, in order; one alone is the same as `conditionImageDigest`. */
  conditionImageDigests?: readonly string[] | undefined
  provider: ProviderName
  model: string
  aspectRatio?: AspectRatio | undefined
  imageSize?: ImageSize | undefined
  variant?: string | undefined
  /** Absent for a plain request; a fresh value for a forced one. */
  revision?: string | undefined
  negativePrompt?: string | undefined
  seed?: number | undefined
  thinkingLevel?: ThinkingLevel | undefined
  /** In whatever order. */
  safetySettings?: readonly SafetySetting[] | undefined
  turns?: readonly IdentityTurn[] | undefined
  /** Which of several pictures of the same words, from 2; absent for the first. */
  number?: number | undefined
  /** SHA-256 (hex) of what the provider is sent where that is no request of ours. */
  providerRequest?: string | undefined
}

/** A turn of the conversation, with the digests of its images. */
export type IdentityTurn = {
  role: TurnRole
  text?: string | undefined
  imageDigests?: readonly string[] | undefined
}

export const hasNoNul = (text: string): boolean => !text.includes('\u0000')
/** False for text with half of a surrogate pair. */
export const isWellFormed = (text: string): boolean => text.isWellFormed()

/**
 * What two prompts must have in common to be one: the words, in Unicode NFC, trimmed, with white space collapsed and without
 * characters that nobody sees. Case and marks are kept: "10²" is not "102". The model is sent what was written.
 */
export const normalizePrompt = (prompt: string): string =>
  withoutUnseen(prompt).normalize('NFC').replace(/\s+/gu, ' ').trim()

/**
 * What Unicode calls ignorable where it can't be shown. Joiners make other letters and emoji of those beside them, and so do
 * the tags of a flag: England's and Scotland's differ in nothing else.
 */
const UNSEEN =
  /(\u{1f3f4}[\u{e0020}-\u{e007e}]+\u{e007f})|(?!\p{Join_Control})\p{Default_Ignorable_Code_Point}/gu

const withoutUnseen = (prompt: string): string =>
  prompt.toWellFormed().replace(UNSEEN, (_unseen, flag = '') => flag)

/** No script has so many on one letter. */
const MAX_MARKS_IN_A_ROW = 100

/** True for marks without end, which take time by their square to be put in order (Unicode Standard Annex 15, "Stream-Safe Text Format"). */
export const hasEndlessMarks = (prompt: string): boolean => {
  for (const [marks] of withoutUnseen(prompt).matchAll(/\p{M}+/gu)) {
    if (marks.length > MAX_MARKS_IN_A_ROW) return true
  }
  return false
}

/** False for a prompt of which nothing is to be seen: blanks, control characters, the blank of braille. */
export const isVisible = (prompt: string): boolean =>
  /[^\p{Z}\p{Cc}\p{Default_Ignorable_Code_Point}\u2800]/u.test(prompt.toWellFormed())

/** As a release up to 0.1 had it, which sent this to the model: it makes "102" of "10²". */
const normalizeByNfkc = (prompt: string): string =>
  prompt.toWellFormed().normalize('NFKC').trim().replace(/\s+/gu, ' ')

/** Forms of the same characters for one place or width: ligatures, Arabic letters, full-width letters and punctuation, `…`. */
const PRESENTATION_FORMS =
  /[\u2011\u2024-\u2026\ufb00-\ufdff\ufe10-\ufe6f\ufe70-\ufefe\uff00-\uffef]/gu

/**
 * The generation id: equal for equal requests, in the server and in the browser alike.
 * It is BullMQ's job ID and the primary key; it is never a permission, as anyone can compute it.
 * `sha256Hex` may be given where there is a faster one; the default needs WebCrypto, which browsers offer on https
 * and localhost only.
 */
export const createImageIdempotencyKey = async (
  identity: Identity,
  sha256Hex: (text: string) => string | Promise<string> = digestHex,
): Promise<string> => {
  const prompt = normalizePrompt(identity.prompt)
  return createId(identity, { prompt, version: versionOf(prompt) }, sha256Hex)
}

/** The id that a release up to 0.1 gave. */
export const createOlderId = (
  identity: Identity,
  sha256Hex: (text: string) => string | Promise<string> = digestHex,
): Promise<string> =>
  createId(identity, { prompt: normalizeByNfkc(identity.prompt), version: 1 }, sha256Hex)

/**
 * True for a prompt of which a release up to 0.1 made another id, though it sent the same words to the model: an image of that
 * id, from then, still answers. "10²" is none: there it was "102".
 */
export const hasOlderId = (written: string): boolean => {
  const prompt = normalizePrompt(written)
  const older = normalizeByNfkc(written)
  if (older === prompt) return false
  const plain = prompt.replace(PRESENTATION_FORMS, (form) => form.normalize('NFKC'))
  return normalizePrompt(older) === normalizePrompt(plain)
}

const createId = async (
  identity: Identity,
  form: { prompt: string; version: number },
  sha256Hex: (text: string) => string | Promise<string>,
): Promise<string> => {
  const digest = await sha256Hex(canonicalJson({ ...identityFields(identity), ...form }))
  return `g_${digest.slice(0, ID_HEX_DIGITS)}`
}

/** 1 for a prompt that comes out the same as up to 0.1: its ids stay. No other prompt can come out as one of those. */
const versionOf = (normalPrompt: string): number =>
  normalizeByNfkc(normalPrompt) === normalPrompt ? 1 : 2

/** The id of an owner's uploaded image: equal bytes of one owner are one image. */
export const createUploadId = async (owner: string, contentDigest: string): Promise<string> =>
  `i_${(await digestHex(canonicalJson({ contentDigest, owner }))).slice(0, ID_HEX_DIGITS)}`

export const isGenerationId = (text: string): boolean => /^g_[0-9a-f]{40}$/.test(text)
export const isImageId = (text: string): boolean => /^[gi]_[0-9a-f]{40}$/.test(text)

/** SHA-256 in lower-case hex. */
export const digestHex = async (content: string | Uint8Array): Promise<string> => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** One line of JSON with sorted keys at every level and no gaps; what is undefined is left out. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sortKeys(value))

const sortKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]))
}

/** Absent fields are null, so that none can shift. */
const identityFields = (identity: Identity) => ({
  owner: identity.owner,
  transformation: identity.transformation ?? 'generate',
  conditionImage: firstAlone(identity) ?? null,
  provider: identity.provider,
  model: identity.model,
  aspectRatio: identity.aspectRatio ?? null,
  imageSize: identity.imageSize ?? DEFAULT_IMAGE_SIZE,
  variant: identity.variant ?? null,
  revision: identity.revision ?? 0,
  ...saidFields(identity),
})

/** The digest of a condition image that is the only one. */
const firstAlone = ({ conditionImageDigest, conditionImageDigests = [] }: Identity) =>
  conditionImageDigests.length > 1 ? undefined : (conditionImageDigests[0] ?? conditionImageDigest)

/** There only where they are said: the id of a request that says none of them has been the same from the first. */
const saidFields = (identity: Identity) => {
  const { conditionImageDigests = [], safetySettings = [], turns = [], negativePrompt } = identity
  const { seed, thinkingLevel, number, providerRequest } = identity
  return {
    conditionImages: conditionImageDigests.length > 1 ? conditionImageDigests : undefined,
    negativePrompt: negativePrompt === undefined ? undefined : normalizePrompt(negativePrompt),
    seed,
    thinkingLevel,
    safetySettings:
      safetySettings.length > 0
        ? Object.fromEntries(safetySettings.map(({ category, threshold }) => [category, threshold]))
        : undefined,
    turns: turns.length > 0 ? turns.map(describeTurn) : undefined,
    number: number === 1 ? undefined : number,
    providerRequest,
  }
}

const describeTurn = ({ role, text, imageDigests = [] }: IdentityTurn) => ({
  role,
  text: text === undefined ? null : normalizePrompt(text),
  images: imageDigests,
})
