import type { Database } from '../../../db/database.ts'
import type { Suggestion } from '../../../db/generation-tables.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import { normalizePrompt } from '../../contract/identity.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import { EmbeddingError } from '../../lib/errors.ts'
import type { NanoUsd } from '../../lib/money.ts'
import {
  type Candidate,
  type CandidatesDeps,
  type ComparedRow,
  findCandidates,
  findOpen,
  MAX_SUGGESTIONS,
} from './compare.ts'
import { encodeVector } from './embedding-code.ts'
import { digestPrompt, findCode } from './embedding-rows.ts'
import { MAX_ASKED } from './judge/ask-judge.ts'
import { digestPair, findVerdicts } from './judge/verdict-rows.ts'
import { resolveMode } from './mode.ts'
import type { Embedder, Judge } from './ports.ts'
import type { GetPromptEmbedding } from './prompt-embedding.ts'
import { isComparable } from './scope.ts'

/** What a comparison would come to. */
export type ForeseenComparison = {
  mode: SimilarityMode
  /** False where the prompt's embedding is not known and would have to be bought, or trouble kept it from being compared. */
  isCompared: boolean
  /** What comparing may cost besides. */
  mayCostNanoUsd: NanoUsd
  /** The image that `reuse` would answer with. */
  match?: Suggestion | undefined
  candidates: Suggestion[]
}

/** Of a generation that might be asked for. Rejects only when Postgres is away. */
export type ForeseeSimilar = (
  row: ComparedRow & Pick<GenerationRow, 'similarityMode'>,
) => Promise<ForeseenComparison>

type Deps = Omit<CandidatesDeps, 'getPromptEmbedding'> & {
  embedder: Embedder
  judge: Pick<Judge, 'model' | 'estimateNanoUsd'> | undefined
  /** For owners without a choice of their own. */
  defaultMode: SimilarityMode
}

/** Whoever asks waits for it; what takes longer is not known. */
const MAX_MS = 3_000

/** Compares as a worker would, and neither buys nor keeps an embedding. */
export const createForeseeSimilar = (deps: Deps): ForeseeSimilar => {
  const { db, embedder, defaultMode } = deps
  const candidatesDeps = { ...deps, getPromptEmbedding: createPeek(db, embedder) }

  return async (row) => {
    const { ownerId, prompt, similarityMode: requested } = row
    if (!isComparable(row)) {
      return { mode: 'off', isCompared: true, mayCostNanoUsd: 0, candidates: [] }
    }
    const mode = await resolveMode(db, { ownerId, requested }, defaultMode)
    const none = { mode, mayCostNanoUsd: 0, candidates: [] }
    if (mode === 'off') return { ...none, isCompared: true }
    try {
      const found = await findCandidates(candidatesDeps, row, AbortSignal.timeout(MAX_MS))
      const { candidates, mayCostNanoUsd } = await recall(deps, row, mode, found.candidates)
      const [best] = candidates
      const match = mode === 'reuse' && best?.passes ? best : undefined
      const isShown = mode !== 'shadow'
      const shown = isShown ? candidates.slice(0, MAX_SUGGESTIONS) : []
      return { ...none, isCompared: true, mayCostNanoUsd, match, candidates: shown }
    } catch (error) {
      if (!isUnknown(error)) throw error
      return { ...none, isCompared: false, mayCostNanoUsd: mayCost(embedder, prompt) }
    }
  }
}

/** With what the judge has said already. Nobody is asked: where it is not known, what asking may cost is told. */
const recall = async (
  { db, judge }: Deps,
  { ownerId, prompt }: ComparedRow,
  mode: SimilarityMode,
  candidates: readonly Candidate[],
): Promise<{ candidates: Suggestion[]; mayCostNanoUsd: NanoUsd }> => {
  const suggestions = candidates.map(({ suggestion }) => suggestion)
  const open = findOpen(mode, candidates)
  if (!judge || open.length === 0) return { candidates: suggestions, mayCostNanoUsd: 0 }
  const text = normalizePrompt(prompt)
  const digestOf = (candidate: Candidate) => digestPair(text, candidate.prompt)
  const known = await findVerdicts(db, ownerId, judge.model, open.map(digestOf))
  const same = open.find((candidate) => known.get(digestOf(candidate)))?.suggestion
  if (!same) {
    const asked = open.filter((candidate) => !known.has(digestOf(candidate))).slice(0, MAX_ASKED)
    const costs = asked.map((candidate) => judge.estimateNanoUsd(text, candidate.prompt))
    return { candidates: suggestions, mayCostNanoUsd: costs.reduce((sum, cost) => sum + cost, 0) }
  }
  const judged = { ...same, passes: true, judge: judge.model }
  return { candidates: [judged, ...suggestions.filter((each) => each !== same)], mayCostNanoUsd: 0 }
}

const isUnknown = (error: unknown): boolean =>
  error instanceof EmbeddingError ||
  (error instanceof DOMException && error.name === 'TimeoutError')

const mayCost = (embedder: Embedder, prompt: string): NanoUsd =>
  embedder.estimateNanoUsd?.([normalizePrompt(prompt)]) ?? 0

/** The embedding that is kept, else one that costs nothing. Throws `EmbeddingError` where it would have to be bought. */
const createPeek =
  (db: Database, embedder: Embedder): GetPromptEmbedding =>
  async ({ prompt, ...ids }, signal) => {
    const found = await findCode(db, { ...ids, promptDigest: digestPrompt(prompt) }, embedder.model)
    if (found) return { code: found.code, costNanoUsd: 0 }
    if (mayCost(embedder, prompt) > 0) {
      throw new EmbeddingError('The embedding of this prompt is not known yet.', { isFree: true })
    }
    const { vectors } = await embedder.embed([normalizePrompt(prompt)], signal)
    const [vector] = vectors
    if (!vector) throw new EmbeddingError('The embedder answered without a vector.')
    return { code: encodeVector(vector), costNanoUsd: 0 }
  }
