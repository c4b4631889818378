import type { Generated } from 'kysely'
import type { SimilarityMode } from '../src/contract/vocabulary.ts'
import type { NanoUsd } from '../src/lib/money.ts'

/** A prompt's embedding by one model. An image is found by its fingerprint. */
export type PromptEmbeddingsTable = {
  fingerprint: string
  /** Name, version and number of dimensions: embeddings by two models are never compared. */
  model: string
  ownerId: string
  /** The fingerprint without the prompt: only prompts of the same one are compared. */
  scope: string
  /** By which the same prompt elsewhere is found, so that none is embedded twice. */
  promptDigest: string
  /** A byte a dimension, as `encodeVector` makes it. */
  code: Buffer
  createdAt: Generated<Date>
}

/** One comparison of a generation's prompt with its owner's others. */
export type SimilarityChecksTable = {
  generationId: string
  ownerId: string
  /** In force when it was made. */
  mode: SimilarityMode
  model: string
  /** True when an image was found that `reuse` answers with. */
  isMatch: boolean
  /** That image; null where none was found, and once it is deleted. */
  imageId: string | null
  similarity: number | null
  durationMs: number
  embeddingCostNanoUsd: NanoUsd
  /** The model that took the match for the same where the rules did not; null where they did. */
  judgeModel: string | null
  judgeCostNanoUsd: Generated<NanoUsd>
  /** The owner's or an operator's verdict on the match; null until then. */
  accepted: boolean | null
  judgedAt: Date | null
  createdAt: Generated<Date>
}

/** What an owner wants; no row for one that never said. */
export type OwnerSimilarityTable = {
  ownerId: string
  /** Null where the server's choice holds. */
  mode: SimilarityMode | null
  /** Precision is measured over what was judged since. */
  judgedSince: Generated<Date>
  /** Since when reuse is `suggest`, as too much of it was rejected. */
  fellBackAt: Date | null
}
