import type { ImageSigner } from '../../adapters/http/image-urls.ts'

/** The address of a page of ours that shows the receipt of an image to whoever has it, until then. */
export const createReceiptUrl = (
  signer: ImageSigner,
  { base, id, expiresAt }: { base: string; id: string; expiresAt: Date },
): string => {
  const query = new URLSearchParams({
    exp: String(Math.floor(expiresAt.getTime() / 1_000)),
    signature: signer.signReceipt(id, expiresAt),
  })
  return `${base}/receipts/${id}?${query}`
}

/** Until when such an address is good; undefined for one that is not, or no longer. */
export const findLinkEnd = (
  signer: ImageSigner,
  id: string,
  { exp, signature }: { exp?: unknown; signature?: unknown },
): Date | undefined =>
  typeof signature === 'string' && signer.verifyReceipt(id, signature, exp)
    ? new Date(Number(exp) * 1_000)
    : undefined
