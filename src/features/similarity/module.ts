import type { Database } from '../../../db/database.ts'
import type { MaintenanceTask } from '../../adapters/queue/maintenance-queue.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import type { CompareWithSimilar } from '../../generation/ports.ts'
import type { GenerationWithImage } from '../../generation/state/repository.ts'
import type { BudgetSettings } from '../../generation/state/spending-limits.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { DAY_MS, HOUR_MS } from '../../lib/time.ts'
import { createCompare } from './compare.ts'
import { chooseEmbedder, type EmbeddingOptions } from './embeddings/choose-embedder.ts'
import { type FeedbackDeps, rejectReused } from './feedback.ts'
import { createForeseeSimilar } from './foresee.ts'
import { createAskJudge } from './judge/ask-judge.ts'
import { chooseJudge, type JudgeOptions } from './judge/choose-judge.ts'
import { deleteOldJudgements } from './judge/maintenance.ts'
import { createPaidJudge } from './judge/paid-judge.ts'
import { maintainEmbeddings } from './maintenance.ts'
import type { SimilarityMetrics } from './metrics.ts'
import { createFindNeighbours } from './neighbours/find-neighbours.ts'
import { createPaidEmbedder } from './paid-embedder.ts'
import type { Embedder, FindNeighbours, Judge } from './ports.ts'
import { createGetPromptEmbedding } from './prompt-embedding.ts'
import type { SimilaritySettings } from './report.ts'

type SimilarityDeps = EmbeddingOptions &
  JudgeOptions & {
    db: Database
    /** For owners without a choice of their own. */
    defaultMode: SimilarityMode
    minSimilarity: number
    /** From 0 to 1: under it an owner's reuse turns itself back to `suggest`. */
    precisionFloor: number
    metrics: SimilarityMetrics
    /** The limits of the settings to what calls cost. */
    budgets: BudgetSettings
    logger: Logger
  }

/** Comparing a prompt with its owner's others. Throws `StartError` as `chooseEmbedder` does. */
export const createSimilarity = (deps: SimilarityDeps) => {
  const { db, defaultMode, minSimilarity, precisionFloor, metrics, logger } = deps
  const chosen = chooseEmbedder(deps)
  const embedder = chosen.embedder && createPaidEmbedder(db, chosen.embedder, deps.budgets)
  const judge = embedder && chooseJudge(deps)
  const settings: SimilaritySettings = {
    judge: judge?.model ?? null,
    embeddings: embedder,
    note: 'note' in chosen ? chosen.note : undefined,
    defaultMode,
    minSimilarity,
    precisionFloor,
  }
  const feedback = createFeedback(deps)
  const findNeighbours = createFindNeighbours()
  /** Takes the wish for another image than the similar one that answered as a rejection of that; never rejects. */
  const onDeclined = ({ id, ownerId, fingerprint }: GenerationWithImage): void => {
    rejectReused(feedback, ownerId, fingerprint).catch((err) => {
      const fields = { generationId: id, err }
      logger.warn(fields, 'that a similar image was declined is not in its figures')
    })
  }
  const tasks: MaintenanceTask[] = [
    {
      name: 'prompt-embeddings',
      everyMs: HOUR_MS,
      // The model may be another since.
      isDueAtStart: embedder !== undefined,
      run: (signal) =>
        maintainEmbeddings(
          { db, embedder: embedder && metrics.measure(embedder), defaultMode },
          signal,
        ),
    },
    { name: 'judgements', everyMs: DAY_MS, run: (signal) => deleteOldJudgements(db, signal) },
  ]
  return {
    settings,
    feedback,
    onDeclined,
    compare: embedder && compareBy(embedder, judge, findNeighbours, deps),
    foresee: embedder && createForeseeSimilar({ ...deps, embedder, judge, findNeighbours }),
    tasks,
  }
}

/** Logs an owner's fall back to `suggest`. */
const createFeedback = ({ db, precisionFloor, metrics, logger }: SimilarityDeps): FeedbackDeps => ({
  db,
  precisionFloor,
  onVerdict: ({ generationId, mode, accepted, fellBackAt }) => {
    metrics.onVerdict({ mode, accepted, hasFallenBack: fellBackAt !== undefined })
    if (!fellBackAt) return
    const measured = { generationId, precisionFloor, ...fellBackAt }
    logger.warn(measured, 'too many reused images were rejected: the owner’s reuse is suggest now')
  },
})

const compareBy = (
  embedder: Embedder,
  judge: Judge | undefined,
  findNeighbours: FindNeighbours,
  deps: SimilarityDeps,
): CompareWithSimilar => {
  const { db, defaultMode, minSimilarity, metrics, logger } = deps
  return createCompare({
    db,
    embedder,
    getPromptEmbedding: createGetPromptEmbedding({ db, embedder }),
    findNeighbours,
    defaultMode,
    minSimilarity,
    askJudge: judge && askBy(judge, deps),
    judgeModel: judge?.model,
    onCheck: metrics.onCheck,
    onTrouble: createRareLog((fields) =>
      logger.warn(fields, 'prompts could not be compared; images are made all the same'),
    ),
  })
}

const askBy = (judge: Judge, deps: SimilarityDeps) => {
  const { db, budgets, prices, metrics, logger } = deps
  const { dailyCalls } = deps.judge
  return createAskJudge({
    db,
    judge: createPaidJudge({ db, judge, budgets, dailyCalls, priceVersion: prices.version }),
    onVerdict: metrics.onJudged,
    onTrouble: createRareLog((fields) =>
      logger.warn(fields, 'the judge said nothing of two prompts; images are made all the same'),
    ),
  })
}
