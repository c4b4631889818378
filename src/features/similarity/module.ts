import type { Config } from '../../app/config.ts'
import type { Shared } from '../../app/resources.ts'
import type { CompareWithSimilar } from '../../generation/ports.ts'
import { createRareLog, type Logger } from '../../lib/logger.ts'
import { createCompare } from './compare.ts'
import { chooseEmbedder } from './embeddings/choose-embedder.ts'
import { createFindNeighbours } from './neighbours/find-neighbours.ts'
import { createGetPromptEmbedding } from './prompt-embedding.ts'

/** Comparing prompts, where there is something to compare them by. */
export const createComparison = (
  config: Config,
  { db, metrics }: Pick<Shared, 'db' | 'metrics'>,
  logger: Logger,
): CompareWithSimilar | undefined => {
  const { embedder } = chooseEmbedder(config)
  if (!embedder) return undefined
  const logTrouble = createRareLog((fields) =>
    logger.warn(fields, 'prompts could not be compared; images are made all the same'),
  )
  const { mode: defaultMode, minScore: minSimilarity } = config.similarity
  return createCompare({
    db,
    embedder,
    getPromptEmbedding: createGetPromptEmbedding({ db, embedder }),
    findNeighbours: createFindNeighbours(),
    defaultMode,
    minSimilarity,
    onCheck: metrics.similarity.onCheck,
    onTrouble: logTrouble,
  })
}
