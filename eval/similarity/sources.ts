import { createHash } from 'node:crypto'
import {
  createEnergeticEmbedder,
  isEnergeticInstalled,
} from '../../src/features/similarity/embeddings/energetic.ts'

/** Gives a vector for each text. All that is here works without a network. */
export type EmbeddingSource = { name: string; embed: (texts: string[]) => Promise<Float32Array[]> }

const HASHED_DIMENSIONS = 1024

/** The sources that are there: words by their hash, and the local model of the server where it is installed. */
export const openSources = (): EmbeddingSource[] =>
  isEnergeticInstalled() ? [hashedWords, openLocalModel()] : [hashedWords]

/** How many times each word is there. Knows no meaning: what any model must beat. */
const hashedWords: EmbeddingSource = {
  name: 'hashed words',
  embed: async (texts) => texts.map(hashWords),
}

const hashWords = (text: string): Float32Array => {
  const vector = new Float32Array(HASHED_DIMENSIONS)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const place = createHash('sha256').update(word).digest().readUInt32LE() % HASHED_DIMENSIONS
    vector[place] = (vector[place] ?? 0) + 1
  }
  return vector
}

const openLocalModel = (): EmbeddingSource => {
  const { model, embed } = createEnergeticEmbedder()
  const { signal } = new AbortController()
  return { name: model, embed: async (texts) => (await embed(texts, signal)).vectors }
}
