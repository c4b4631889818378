import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { Request } from 'express'
import type { Urls } from '../../generation/read/present.ts'

const SIGNATURE_BYTES = 16

export type ImageSigner = ReturnType<typeof createImageSigner>

/**
 * Signs image ids: an id can be computed by anyone who knows an owner and a prompt, so it is the signature that
 * makes a URL a permission.
 */
export const createImageSigner = (secret: string) => {
  const sign = (id: string): string =>
    createHmac('sha256', secret)
      .update(id)
      .digest()
      .subarray(0, SIGNATURE_BYTES)
      .toString('base64url')

  const verify = (id: string, signature: string): boolean => {
    const expected = Buffer.from(sign(id))
    const given = Buffer.from(signature)
    return given.length === expected.length && timingSafeEqual(given, expected)
  }

  return { sign, verify }
}

/** The secret of image URLs when none is set: another one than that of tokens, and derived from it. */
export const deriveImageUrlSecret = (jwtSecret: string): string =>
  Buffer.from(hkdfSync('sha256', jwtSecret, '', 'imageonce image urls', 32)).toString('hex')

/** The id in one of our image URLs, on whatever host; undefined for every other address. */
export const findImageId = (signer: ImageSigner, url: string): string | undefined => {
  const [, id, signature] =
    /\/images\/([gi]_[0-9a-f]{40})\.([\w-]+)$/.exec(new URL(url).pathname) ?? []
  return id && signature && signer.verify(id, signature) ? id : undefined
}

/** URLs under the public address, or under the one the caller used. */
export const createUrlsFor =
  (signer: ImageSigner, publicUrl: string | undefined) =>
  (req: Request): Urls =>
    createUrlsAt(signer, publicUrl ?? `${req.secure ? 'https' : 'http'}://${req.get('host')}`)

/** URLs under a given address, where nobody calls. */
export const createUrlsAt = (signer: ImageSigner, base: string): Urls => ({
  base,
  generation: (id) => `${base}/api/generations/${id}`,
  image: (id) => `${base}/images/${id}.${signer.sign(id)}`,
})
