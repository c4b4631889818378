import type { Database } from '../../../db/database.ts'
import type { EmbeddingSource } from '../../contract/vocabulary.ts'
import type { NanoUsd } from '../../lib/money.ts'

/** Makes embeddings of texts: vectors that are near each other where the texts speak of much the same. */
export type Embedder = {
  source: EmbeddingSource
  /** Name, version and number of dimensions of the model: embeddings by two models are never compared. */
  model: string
  dimensions: number
  /** What a call may cost at most, in US dollars; absent where none costs anything. */
  estimateNanoUsd?(texts: readonly string[]): NanoUsd
  /**
   * The vector of each of 1 to 100 texts, in their order, and what they cost together. Throws `EmbeddingError`, or the signal's
   * reason once that is aborted. Without `payer` it is nobody's own.
   */
  embed(texts: readonly string[], signal: AbortSignal, payer?: Payer): Promise<Embedded>
}

/** On whose account a call is. */
export type Payer = { ownerId: string; keyId: string | null }

export type Embedded = {
  vectors: Float32Array[]
  costNanoUsd: NanoUsd
  /** True where the other end counted no tokens. */
  isEstimate?: boolean
}

/** What an embedding is compared with: prompts of one owner that differ in nothing but their words. */
export type NeighbourQuery = {
  ownerId: string
  scope: string
  model: string
  /** As `encodeVector` made it. */
  code: Buffer
  /** The prompt's own fingerprint, which is no neighbour. */
  fingerprint: string
  minSimilarity: number
  limit: number
}

/** An image that exists, made for a near prompt. */
export type Neighbour = {
  imageId: string
  prompt: string
  /** The cosine of both codes; 0 where it is negative. */
  similarity: number
}

/** The nearest, nearest first. Never another owner's, never an image that is deleted or lost. */
export type FindNeighbours = (db: Database, query: NeighbourQuery) => Promise<Neighbour[]>

/** Says of two prompts whether one picture may answer both, where their words alone don't tell. */
export type Judge = {
  model: string
  /** What a call may cost at most. */
  estimateNanoUsd(a: string, b: string): NanoUsd
  /** Throws `JudgeError`, or the signal's reason once that is aborted. */
  judge(a: string, b: string, signal: AbortSignal): Promise<Verdict>
}

export type Verdict = {
  isSame: boolean
  costNanoUsd: NanoUsd
  /** As it was answered. */
  usage?: object | undefined
  responseId?: string | undefined
}
