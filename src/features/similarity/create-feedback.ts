import type { Config } from '../../app/config.ts'
import type { Shared } from '../../app/resources.ts'
import type { Logger } from '../../lib/logger.ts'
import { chooseEmbedder } from './embeddings/choose-embedder.ts'
import type { FeedbackDeps } from './feedback.ts'
import type { SimilaritySettings } from './report.ts'

/** What it takes to judge similar images; an owner's fall back is logged. */
export const createFeedback = (
  { similarity: { precisionFloor } }: Config,
  { db, metrics }: Pick<Shared, 'db' | 'metrics'>,
  logger: Logger,
): FeedbackDeps => ({
  db,
  precisionFloor,
  onVerdict: ({ generationId, mode, accepted, fellBackAt }) => {
    metrics.similarity.onVerdict({ mode, accepted, hasFallenBack: fellBackAt !== undefined })
    if (!fellBackAt) return
    const measured = { generationId, precisionFloor, ...fellBackAt }
    logger.warn(measured, 'too many reused images were rejected: the owner’s reuse is suggest now')
  },
})

/** How this server compares prompts, for whoever asks. Throws `StartError` as `chooseEmbedder` does. */
export const describeComparison = (config: Config): SimilaritySettings => {
  const chosen = chooseEmbedder(config)
  const { mode, minScore, precisionFloor } = config.similarity
  return {
    embeddings: chosen.embedder,
    note: chosen.embedder ? undefined : chosen.note,
    defaultMode: mode,
    minSimilarity: minScore,
    precisionFloor,
  }
}
