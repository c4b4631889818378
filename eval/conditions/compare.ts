import { createInspectImage } from '../../src/adapters/images/inspect.ts'
import { createRecognition } from '../../src/adapters/images/recognition.ts'
import { MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS } from '../../src/contract/limits.ts'
import { MAX_DIFFERENT_BITS } from '../../src/generation/submit/recognized-rows.ts'

const recognition = createRecognition('perceptual', { maxPixels: MAX_IMAGE_PIXELS })
const inspect = createInspectImage({ maxBytes: MAX_IMAGE_BYTES, maxPixels: MAX_IMAGE_PIXELS })

export type Verdict = 'pixels' | 'likeness' | 'another'

/** What the server makes of a picture when it has another of the same owner, which is stored encoded anew. */
export const compare = async (first: Buffer, second: Buffer): Promise<Verdict> => {
  const [a, b] = await Promise.all([recognition.print(first), recognition.print(second)])
  if (a.pixelDigest === b.pixelDigest) return 'pixels'
  if (countDifferentBits(a.perceptualHash, b.perceptualHash) > MAX_DIFFERENT_BITS) return 'another'
  const stored = await inspect(first)
  return (await recognition.looksSame?.(second, stored.bytes)) ? 'likeness' : 'another'
}

const countDifferentBits = (a: string, b: string): number =>
  [...a].filter((bit, index) => bit !== b[index]).length
