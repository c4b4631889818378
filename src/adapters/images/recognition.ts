import type { Recognition } from '../../generation/ports.ts'
import { type DecodeLimits, inLargeTurn } from '../../lib/images.ts'
import { limitConcurrency, type WaitLimits } from '../../lib/limit-concurrency.ts'
import { looksSame } from './looks-same.ts'
import { decodePixels } from './pixels.ts'
import { printPixels } from './print-pixels.ts'

/** A picture of 25 megapixels takes 100 MB while it is looked at, and two are compared. */
const MAX_AT_ONCE = 1

/** Recognises pictures by their pixels, and with `perceptual` by their likeness too. Owners take turns. */
export const createRecognition = (
  by: 'perceptual' | 'pixels',
  limits: DecodeLimits & { waiting?: WaitLimits },
): Recognition => {
  const inOwnersTurn = limitConcurrency(MAX_AT_ONCE, limits.waiting)
  // Whatever their size, as their pixels are kept for as long as they are looked at.
  const inTurn = <T>(work: () => Promise<T>, ownerId = '') =>
    inOwnersTurn(() => inLargeTurn(work), ownerId)
  const decode = (bytes: Uint8Array) => decodePixels(bytes, { ...limits, isInTurn: true })
  return {
    print: (bytes, ownerId) => inTurn(async () => printPixels(await decode(bytes)), ownerId),
    ...(by === 'perceptual' && {
      looksSame: (a, b, ownerId) =>
        inTurn(async () => looksSame(await decode(a), await decode(b)), ownerId),
    }),
  }
}
