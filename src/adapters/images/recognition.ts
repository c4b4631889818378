import type { Recognition } from '../../generation/ports.ts'
import { limitConcurrency } from '../../lib/limit-concurrency.ts'
import { looksSame } from './looks-same.ts'
import { decodePixels } from './pixels.ts'
import { printPixels } from './print-pixels.ts'

/** A picture of 25 megapixels takes 100 MB while it is looked at, and two are compared. */
const MAX_AT_ONCE = 1

/** Recognises pictures by their pixels, and with `perceptual` by their likeness too. */
export const createRecognition = (
  by: 'perceptual' | 'pixels',
  { maxPixels }: { maxPixels: number },
): Recognition => {
  const inTurn = limitConcurrency(MAX_AT_ONCE)
  return {
    print: (bytes) => inTurn(async () => printPixels(await decodePixels(bytes, maxPixels))),
    ...(by === 'perceptual' && {
      looksSame: (a, b) =>
        inTurn(async () =>
          looksSame(await decodePixels(a, maxPixels), await decodePixels(b, maxPixels)),
        ),
    }),
  }
}
