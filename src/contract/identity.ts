import { DEFAULT_IMAGE_SIZE } from './limits.ts'
import type { AspectRatio, ImageSize, ProviderName, Transformation } from './vocabulary.ts'

/** Raised whenever the meaning of a field below changes, so that old ids never answer for new ones. */
const IDENTITY_VERSION = 1

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
  provider: ProviderName
  model: string
  aspectRatio?: AspectRatio | undefined
  imageSize?: ImageSize | undefined
  variant?: string | undefined
  /** Absent for a plain request; a fresh value for a forced one. */
  revision?: string | undefined
}

export const hasNoNul = (text: string): boolean => !text.includes('\u0000')
/** False for text with half of a surrogate pair. */
export const isWellFormed = (text: string): boolean => text.isWellFormed()

/** Unicode NFKC, trimmed, runs of white space collapsed. Case and words are kept. */
export const normalizePrompt = (prompt: string): string =>
  prompt.toWellFormed().normalize('NFKC').trim().replace(/\s+/gu, ' ')

/**
 * The generation id: equal for equal requests, in the server and in the browser alike.
 * It is BullMQ's job ID and the primary key; it is never a permission, as anyone can compute it.
 * `sha256Hex` may be given where there is a faster one; the default needs WebCrypto, which browsers offer on https
 * and localhost only.
 */
export const createImageIdempotencyKey = async (
  identity: Identity,
  sha256Hex: (text: string) => string | Promise<string> = digestHex,
): Promise<string> =>
  `g_${(await sha256Hex(canonicalJson(identityFields(identity)))).slice(0, ID_HEX_DIGITS)}`

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

/** One line of JSON with sorted keys and no gaps; absent fields are null, so that none can shift. */
const canonicalJson = (fields: Record<string, string | number | null>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))))

const identityFields = (identity: Identity): Record<string, string | number | null> => ({
  version: IDENTITY_VERSION,
  owner: identity.owner,
  prompt: normalizePrompt(identity.prompt),
  transformation: identity.transformation ?? 'generate',
  conditionImage: identity.conditionImageDigest ?? null,
  provider: identity.provider,
  model: identity.model,
  aspectRatio: identity.aspectRatio ?? null,
  imageSize: identity.imageSize ?? DEFAULT_IMAGE_SIZE,
  variant: identity.variant ?? null,
  revision: identity.revision ?? 0,
})
