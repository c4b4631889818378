import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Request } from 'express'
import type { Urls } from '../../generation/read/present.ts'
import { DAY_MS } from '../../lib/time.ts'

const SIGNATURE_BYTES = 16

export type ImageSigner = ReturnType<typeof createImageSigner>

/**
 * Signs image ids: an id can be computed by anyone who knows an owner and a prompt, so it is the signature that
 * makes a URL a permission. The older secrets verify besides. A URL that is to end says when (`?exp`), and that is signed with it.
 * The URLs of a generation's events and of an image's receipt are signed as such, and always end.
 */
export const createImageSigner = (secret: string, ...older: string[]) => {
  const sign = (id: string, expiresAt?: Date): string => signWith(secret, id, expiresAt)
  const signEvents = (id: string, expiresAt: Date): string =>
    signWith(secret, toEvents(id), expiresAt)

  const signReceipt = (id: string, expiresAt: Date): string =>
    signWith(secret, toReceipt(id), expiresAt)

  /** `exp`: the query parameter, if there is one. */
  const verify = (id: string, signature: string, exp?: unknown): boolean => {
    return exp === undefined ? isSigned(id, signature) : isSignedUntil(id, signature, exp)
  }
  const verifyEvents = (id: string, signature: string, exp: unknown): boolean =>
    isSignedUntil(toEvents(id), signature, exp)

  const verifyReceipt = (id: string, signature: string, exp: unknown): boolean =>
    isSignedUntil(toReceipt(id), signature, exp)

  const isSignedUntil = (what: string, signature: string, exp: unknown): boolean => {
    if (typeof exp !== 'string' || !/^[1-9]\d{0,11}$/.test(exp)) return false
    const expiresAt = new Date(Number(exp) * 1_000)
    return isSigned(what, signature, expiresAt) && expiresAt.getTime() > Date.now()
  }

  const isSigned = (what: string, signature: string, expiresAt?: Date): boolean =>
    [secret, ...older].some((each) => isEqual(signWith(each, what, expiresAt), signature))

  return { sign, verify, signEvents, verifyEvents, signReceipt, verifyReceipt }
}

/** No image has such an id, so that no signature is good for anything else. */
const toEvents = (id: string): string => `events of ${id}`
const toReceipt = (id: string): string => `receipt of ${id}`

const signWith = (secret: string, what: string, expiresAt: Date | undefined): string =>
  createHmac('sha256', secret)
    .update(expiresAt ? `${what} until ${toSeconds(expiresAt)}` : what)
    .digest()
    .subarray(0, SIGNATURE_BYTES)
    .toString('base64url')

const toSeconds = (at: Date): number => Math.floor(at.getTime() / 1_000)

const isEqual = (expected: string, given: string): boolean => {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The secret of image URLs when none is set: another one than that of tokens, and derived from it. */
export const deriveImageUrlSecret = (jwtSecret: string): string =>
  Buffer.from(hkdfSync('sha256', jwtSecret, '', 'imageonce image urls', 32)).toString('hex')

/** The id in one of our image URLs, on whatever host; undefined for every other address. */
export const findImageId = (signer: ImageSigner, url: string): string | undefined => {
  const { pathname, searchParams } = new URL(url)
  const [, id, signature] = /\/images\/([gi]_[0-9a-f]{40})\.([\w-]+)$/.exec(pathname) ?? []
  const exp = searchParams.get('exp') ?? undefined
  return id && signature && signer.verify(id, signature, exp) ? id : undefined
}

/** URLs under the public address, or under the one the caller used. */
export const createUrlsFor =
  (signer: ImageSigner, publicUrl: string | undefined) =>
  (req: Request): Urls =>
    createUrlsAt(signer, publicUrl ?? `${cameByHttps(req) ? 'https' : 'http'}://${req.get('host')}`)

/** As a proxy says that it was asked; who calls without one can only mislead itself. */
export const cameByHttps = (req: Request): boolean =>
  req.secure || /^\s*https\s*(,|$)/i.test(req.get('X-Forwarded-Proto') ?? '')

/** URLs under a given address, where nobody calls. */
export const createUrlsAt = (signer: ImageSigner, base: string): Urls => ({
  base,
  generation: (id) => `${base}/api/generations/${id}`,
  image: (id) => `${base}/images/${id}.${signer.sign(id)}`,
  events: (id) => {
    const expiresAt = endOfTomorrow()
    const signature = signer.signEvents(id, expiresAt)
    return `${base}/api/generations/${id}/events?exp=${toSeconds(expiresAt)}&signature=${signature}`
  },
})

/** In UTC: one to two days ahead, and the same all day, so that an answer has the same `ETag` when it is read again. */
const endOfTomorrow = (): Date => new Date((Math.floor(Date.now() / DAY_MS) + 2) * DAY_MS)

/** The URL of an image until then. */
export const createEndingUrl = (
  signer: ImageSigner,
  { base, id, expiresAt }: { base: string; id: string; expiresAt: Date },
): string => `${base}/images/${id}.${signer.sign(id, expiresAt)}?exp=${toSeconds(expiresAt)}`
