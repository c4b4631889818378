import type { Database } from '../../db/database.ts'
import type { SimilarityMode } from '../contract/vocabulary.ts'

type OwnersChoice = { mode: SimilarityMode | null; fellBackAt: Date | null }

/**
 * What becomes of a similar image: as the request says, else its owner, else the setting. Where the owner's reuse fell back,
 * `reuse` is `suggest`, whoever chose it.
 */
export const resolveMode = async (
  db: Database,
  { ownerId, requested }: { ownerId: string; requested: SimilarityMode | null },
  defaultMode: SimilarityMode,
): Promise<SimilarityMode> => {
  if (requested !== null && requested !== 'reuse') return requested
  const owner = await db
    .selectFrom('ownerSimilarity')
    .select(['mode', 'fellBackAt'])
    .where('ownerId', '=', ownerId)
    .executeTakeFirst()
  return chooseMode(requested, owner, defaultMode)
}

/** The same of an owner that was read already; undefined for one that never said anything. */
export const chooseMode = (
  requested: SimilarityMode | null,
  owner: OwnersChoice | undefined,
  defaultMode: SimilarityMode,
): SimilarityMode => {
  const chosen = requested ?? owner?.mode ?? defaultMode
  return chosen === 'reuse' && owner?.fellBackAt ? 'suggest' : chosen
}
