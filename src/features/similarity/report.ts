import type { Database } from '../../../db/database.ts'
import type { SimilarityReport } from '../../contract/similarity.ts'
import type { SimilarityMode } from '../../contract/vocabulary.ts'
import { countEmbedded, FIGURE_DAYS, readCheckFigures, readPrecision } from './figures.ts'
import { chooseMode, findOwnersChoice } from './mode.ts'
import type { Embedder } from './ports.ts'
import { measurePrecision } from './precision.ts'
import { countDeciding } from './verdicts.ts'

/** How this server compares prompts. */
export type SimilaritySettings = {
  /** Undefined where there is nothing to compare them by; `note` says why. */
  embeddings: Pick<Embedder, 'source' | 'model'> | undefined
  note?: string | undefined
  /** The model that is asked where the rules stop at wording alone; null where none is. */
  judge: string | null
  defaultMode: SimilarityMode
  minSimilarity: number
  precisionFloor: number
}

/** What becomes of an owner's similar images and how right they were; of all owners together without `ownerId`. */
export const describeSimilarity = async (
  db: Database,
  ownerId: string | undefined,
  { embeddings, note, ...settings }: SimilaritySettings,
): Promise<SimilarityReport> => {
  const isOnes = ownerId !== undefined
  const [owner, embedded, checks, precision, deciding] = await Promise.all([
    isOnes ? findOwnersChoice(db, ownerId) : undefined,
    embeddings ? countEmbedded(db, ownerId, embeddings.model) : 0,
    readCheckFigures(db, ownerId),
    readPrecision(db, ownerId),
    isOnes ? countDeciding(db, ownerId) : undefined,
  ])
  return {
    owner: ownerId ?? null,
    embeddings: embeddings ? { source: embeddings.source, model: embeddings.model } : null,
    ...(note !== undefined && { note }),
    mode: embeddings ? chooseMode(null, owner, settings.defaultMode) : 'off',
    chosenMode: owner?.mode ?? null,
    ...settings,
    fellBackAt: owner?.fellBackAt?.toISOString() ?? null,
    embedded,
    days: FIGURE_DAYS,
    checks,
    precision: { ...precision, deciding: deciding ? measurePrecision(deciding) : null },
  }
}
