import { setImmediate } from 'node:timers/promises'
import type { Database } from '../../../db/database.ts'
import type { Suggestion } from '../../../db/generation-tables.ts'
import type { GenerationRow } from '../../../db/schema.ts'
import { normalizePrompt } from '../../contract/identity.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import type { CompareWithSimilar } from '../../generation/ports.ts'
import type { NanoUsd } from '../../lib/money.ts'
import { type Check, writeCheck } from './check.ts'
import { createGate } from './gate/pass-gate.ts'
import type { AskJudge } from './judge/ask-judge.ts'
import { resolveMode } from './mode.ts'
import type { Embedder, FindNeighbours, Neighbour } from './ports.ts'
import type { GetPromptEmbedding } from './prompt-embedding.ts'
import { createScope, isComparable } from './scope.ts'

/** What looking for similar images takes. */
export type CandidatesDeps = {
  db: Database
  embedder: Pick<Embedder, 'model'>
  getPromptEmbedding: GetPromptEmbedding
  findNeighbours: FindNeighbours
  minSimilarity: number
}

export type CompareDeps = CandidatesDeps & {
  /** For owners without a choice of their own. */
  defaultMode: SimilarityMode
  /** Where there is one; asked in `reuse` and `shadow`, which need a yes or no. */
  askJudge?: AskJudge | undefined
  judgeModel?: string | undefined
  /** Called after every comparison, also one that failed. */
  onCheck: (check: CheckReport) => void
  /** Called with the reason when prompts could not be compared; the image is made then. */
  onTrouble: (error: unknown) => void
}

export type CheckReport = Pick<
  Check,
  'mode' | 'durationMs' | 'embeddingCostNanoUsd' | 'judgeCostNanoUsd'
> & {
  outcome: CheckOutcome
}

/** `suggested`: images were found, and none that reuse answers with. `match`: such a one, in a mode that makes a new one. */
export type CheckOutcome = 'none' | 'suggested' | 'match' | 'reused' | 'trouble'

/** Near prompts are many where prompts come from a template; the gate reads each in some 0.3 ms, a long one in 3. */
const MAX_NEIGHBOURS = 50

export const MAX_SUGGESTIONS = 3

/** Looks for an image that the prompt could do with, before anything is paid for; `off` costs one read. */
export const createCompare = (deps: CompareDeps): CompareWithSimilar => {
  const { db, defaultMode, onCheck } = deps

  return async (claim, signal) => {
    const { ownerId, similarityMode: requested } = claim
    if (!isComparable(claim)) return {}
    const mode = await resolveMode(db, { ownerId, requested }, defaultMode)
    if (mode === 'off') return {}
    const startedAt = performance.now()
    const found = await findOrReport(deps, claim, signal)
    if (!found) {
      const durationMs = Math.round(performance.now() - startedAt)
      onCheck({
        mode,
        durationMs,
        embeddingCostNanoUsd: 0,
        judgeCostNanoUsd: 0,
        outcome: 'trouble',
      })
      return {}
    }
    const { embeddingCostNanoUsd } = found
    const { candidates, judgeCostNanoUsd } = await judgeOpen(
      deps,
      claim,
      mode,
      found.candidates,
      signal,
    )
    const durationMs = Math.round(performance.now() - startedAt)
    const match = candidates.find(({ passes }) => passes)
    const costs = { embeddingCostNanoUsd, judgeCostNanoUsd }
    const check = { mode, model: deps.embedder.model, match, durationMs, ...costs }
    await writeCheck(db, claim, check)
    onCheck({ mode, durationMs, ...costs, outcome: describeOutcome(mode, candidates) })
    if (mode === 'reuse' && match) {
      return { match: { imageId: match.id, similarity: match.similarity } }
    }
    return mode === 'shadow' ? {} : { suggestions: candidates.slice(0, MAX_SUGGESTIONS) }
  }
}

/** Those that nothing stops but their wording are put to the judge, the nearest first; the one that it takes for the same is the best. */
const judgeOpen = async (
  { askJudge, judgeModel }: CompareDeps,
  { ownerId, keyId, prompt }: GenerationRow,
  mode: SimilarityMode,
  candidates: readonly Candidate[],
  signal: AbortSignal,
): Promise<{ candidates: Suggestion[]; judgeCostNanoUsd: NanoUsd }> => {
  const suggestions = candidates.map(({ suggestion }) => suggestion)
  const open = findOpen(mode, candidates)
  if (!askJudge || open.length === 0) return { candidates: suggestions, judgeCostNanoUsd: 0 }
  const others = open.map((candidate) => candidate.prompt)
  const payer = { ownerId, keyId }
  const { index, costNanoUsd } = await askJudge(payer, normalizePrompt(prompt), others, signal)
  const same = index === undefined ? undefined : open[index]?.suggestion
  if (!same) return { candidates: suggestions, judgeCostNanoUsd: costNanoUsd }
  const judged = { ...same, passes: true, ...(judgeModel !== undefined && { judge: judgeModel }) }
  const rest = suggestions.filter(({ id }) => id !== same.id)
  return { candidates: [judged, ...rest], judgeCostNanoUsd: costNanoUsd }
}

/** What a judge would be asked about: nothing where an image passes, or where the mode makes its own anyway. */
export const findOpen = (mode: SimilarityMode, candidates: readonly Candidate[]): Candidate[] => {
  const isDecided = candidates.some(({ suggestion }) => suggestion.passes)
  const needsAnswer = mode === 'reuse' || mode === 'shadow'
  return needsAnswer && !isDecided ? candidates.filter(({ isOpen }) => isOpen) : []
}

/** Undefined when there is no embedding to compare by. */
const findOrReport = async (deps: CompareDeps, claim: GenerationRow, signal: AbortSignal) => {
  try {
    return await findCandidates(deps, claim, signal)
  } catch (error) {
    // A Postgres that is away is met by the next statement.
    if (signal.aborted) throw error
    deps.onTrouble(error)
    return undefined
  }
}

/** An image that may be similar, with the prompt it was made for. `isOpen`: nothing stops the pair but its wording. */
export type Candidate = { suggestion: Suggestion; prompt: string; isOpen: boolean }

/** What is compared: of a generation, or of one that might be. */
export type ComparedRow = Parameters<typeof createScope>[0] &
  Pick<GenerationRow, 'keyId' | 'fingerprint' | 'prompt'>

/** What may be answered with comes first, then what is nearest. Throws as `getPromptEmbedding` does. */
export const findCandidates = async (
  { db, embedder, getPromptEmbedding, findNeighbours, minSimilarity }: CandidatesDeps,
  row: ComparedRow,
  signal: AbortSignal,
): Promise<{ candidates: Candidate[]; embeddingCostNanoUsd: NanoUsd }> => {
  const { ownerId, keyId, fingerprint, prompt } = row
  const scope = await createScope(row)
  const wanted = { ownerId, keyId, fingerprint, prompt, scope }
  const { code, costNanoUsd } = await getPromptEmbedding(wanted, signal)
  const { model } = embedder
  const near = { ownerId, scope, model, code, fingerprint, minSimilarity, limit: MAX_NEIGHBOURS }
  const neighbours = await findNeighbours(db, near)
  const candidates = await judge(prompt, neighbours, signal)
  return { candidates: candidates.sort(byWorth), embeddingCostNanoUsd: costNanoUsd }
}

const judge = async (
  prompt: string,
  neighbours: readonly Neighbour[],
  signal: AbortSignal,
): Promise<Candidate[]> => {
  const pass = createGate(normalizePrompt(prompt))
  const judged: Candidate[] = []
  for (const { imageId: id, prompt: other, similarity } of neighbours) {
    const text = normalizePrompt(other)
    const { passes, reasons, isOpen = false } = pass(text)
    const suggestion = { id, similarity: Math.round(similarity * 1e4) / 1e4, passes, reasons }
    judged.push({ suggestion, prompt: text, isOpen })
    // The worker's other generations have their turn.
    await setImmediate(undefined, { signal })
  }
  return judged
}

const byWorth = ({ suggestion: a }: Candidate, { suggestion: b }: Candidate): number =>
  Number(b.passes) - Number(a.passes) || b.similarity - a.similarity

const describeOutcome = (mode: SimilarityMode, candidates: readonly Suggestion[]): CheckOutcome => {
  const [best] = candidates
  if (best?.passes) return mode === 'reuse' ? 'reused' : 'match'
  return best && mode !== 'shadow' ? 'suggested' : 'none'
}
