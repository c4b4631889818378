import { createHash } from 'node:crypto'
import type { ProviderRequest } from '../../generation/ports.ts'

/** Numbers from 0 to 1, the same row of them for equal requests (Mulberry32, seeded with a digest). */
export const createRandom = (request: ProviderRequest): (() => number) => {
  let state = seedOf(request)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Not of the size and the ratio: a bigger picture shows the same scene. */
const seedOf = ({ prompt, transformation, conditionImage }: ProviderRequest): number => {
  const hash = createHash('sha256').update(`${transformation}\n${prompt}\n`)
  if (conditionImage) hash.update(conditionImage.bytes)
  return hash.digest().readUInt32LE(0)
}
